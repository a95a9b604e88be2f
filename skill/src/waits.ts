/** How long a host or a provider asks to wait, read once from its words where they come in. */

/** What announces a time to wait. Only after the first kind does a bare number count, as seconds. */
const HEADER = /\bretry[-_ ]?(?:after|delay)(?:[-_ ]?(ms|millis(?:econds)?|seconds|secs?))?["']?\s{0,3}[:=]?\s{0,3}["']?(?:about |at least )?/gi;
const SENTENCE =
  /\b(?:(?:try|retry|retrying)(?: your request| the request| this request)?(?: again)?(?: your request)? (?:in|after|at)|wait(?:ing)?(?: for)?|(?:resets?|reset|available|refreshe?s?|unblocked|back)(?: again)? (?:in|after|at))[: ]{1,3}["']?(?:about |at least |approximately |another )?/gi;

const UNIT_MS: [RegExp, number][] = [
  [/^(?:ms|millis|msecs?|milliseconds?)$/i, 1],
  [/^(?:s|secs?|seconds?)$/i, 1_000],
  [/^(?:m|mins?|minutes?)$/i, 60_000],
  [/^(?:h|hrs?|hours?)$/i, 3_600_000],
  [/^(?:d|days?)$/i, 86_400_000],
];

const PART = /(\d{1,12}(?:\.\d{1,9})?)\s?([a-zµ]{1,12})\b\.?(?:\s?,?\s?(?:and\s)?)?|(\d{1,12}(?:\.\d{1,9})?)([a-z]{1,2})(?=\d)/iy;
const NUMBER = /\d{1,12}(?:\.\d{1,9})?(?![\d.:-])/y;
const DATES = [
  // The three of HTTP, and the one of JSON.
  /[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT/y,
  /[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT/y,
  /[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}/y,
  /\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})/y,
];

/** A wait longer than this is none that anybody asks for. */
const LONGEST_MS = 30 * 86_400_000;

/** The milliseconds to wait; undefined if the words name no time. The longest counts where they name several. */
export function waitIn(message: string, now = Date.now()): number | undefined {
  const found: number[] = [];
  for (const [lead, takesNumbers] of [[HEADER, true], [SENTENCE, false]] as const) {
    for (const match of message.matchAll(lead)) {
      const at = match.index + match[0].length;
      const millis = duration(message, at) ?? untilDate(message, at, now) ?? (takesNumbers ? bare(message, at, match[1]) : undefined);
      if (millis !== undefined && millis <= LONGEST_MS) found.push(Math.ceil(millis));
    }
  }
  return found.length > 0 ? Math.max(...found) : undefined;
}

/** `20s`, `1m3.5s`, `2 minutes`, `1 hour and 5 minutes`. */
function duration(message: string, from: number): number | undefined {
  let millis: number | undefined;
  for (let at = from; ; at = PART.lastIndex) {
    PART.lastIndex = at;
    const part = PART.exec(message);
    const [number, unit] = [part?.[1] ?? part?.[3], part?.[2] ?? part?.[4] ?? ''];
    const factor = UNIT_MS.find(([name]) => name.test(unit))?.[1];
    if (number === undefined || factor === undefined) return millis;
    millis = (millis ?? 0) + Number(number) * factor;
  }
}

function untilDate(message: string, at: number, now: number): number | undefined {
  for (const [index, shape] of DATES.entries()) {
    shape.lastIndex = at;
    const date = shape.exec(message)?.[0];
    // The third form names no zone and means the same one.
    const time = date === undefined ? Number.NaN : Date.parse(index === 2 ? `${date} GMT` : date);
    if (Number.isFinite(time)) return Math.max(0, time - now);
  }
  return undefined;
}

function bare(message: string, at: number, unit: string | undefined): number | undefined {
  NUMBER.lastIndex = at;
  const number = NUMBER.exec(message)?.[0];
  return number === undefined ? undefined : Number(number) * (/^m/i.test(unit ?? '') ? 1 : 1_000);
}
