/** The contract's limits for texts of sessions. What is longer is cut here, so that one answer never ends a whole run. */

/** Bytes of one text that reach the component (`wit/sessions.wit`). */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** Bytes of all texts of one page of a transcript; older messages are left out and counted. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Bytes of an error message (`wit/events.wit`). */
const MAX_MESSAGE_BYTES = 1024;

/** Characters of an error message that are looked at; the rest is never shown. */
const MAX_MESSAGE_CHARS = 4 * 1024;

const encoder = new TextEncoder();

interface Cut {
  text: string;
  truncated: boolean;
  bytes: number;
}

/** The first bytes of a text, as many as are allowed, up to the end of a character. */
export function cut(text: string, most = MAX_TEXT_BYTES): Cut {
  // A UTF-16 unit has one to three bytes, so a text of a third of the limit fits whatever is in it.
  const room = new Uint8Array(Math.min(most, text.length * 3));
  const { read, written } = encoder.encodeInto(text, room);
  return { text: read < text.length ? text.slice(0, read) : text, truncated: read < text.length, bytes: written };
}

/** An error message, short enough for the contract. */
export function cutMessage(message: string): string {
  return cut(message, MAX_MESSAGE_BYTES).text;
}

/** As much of a foreign error message as is worth reading. */
export function headOfMessage(message: string): string {
  return message.slice(0, MAX_MESSAGE_CHARS);
}
