/** Takes the secrets out of what the gateway tells, in the worker: the gateway's own thread only passes it on. */

import type { Event, EventKind } from './contract.ts';
import { redact } from './redact.ts';

/** The same event without secrets in the words of sessions. */
export function clean(event: Event): Event {
  return { ...event, what: cleanKind(event.what) };
}

function cleanKind(what: EventKind): EventKind {
  if (what.tag === 'session-ended') {
    const { completion } = what.val;
    return completion ? { ...what, val: { ...what.val, completion: cleanText(completion) } } : what;
  }
  if (what.tag !== 'answered' || what.val.outcome.tag !== 'ok' || what.val.outcome.val.tag !== 'history') return what;
  const page = what.val.outcome.val.val;
  let redacted = page.redacted;
  const messages = page.messages.map((message) => {
    const { text, changed } = redact(message.text);
    redacted ||= changed;
    return changed ? { ...message, text } : message;
  });
  const outcome = { tag: 'ok' as const, val: { tag: 'history' as const, val: { ...page, messages, redacted } } };
  return { ...what, val: { ...what.val, outcome } };
}

function cleanText<T extends { text: string }>(said: T): T {
  const { text, changed } = redact(said.text);
  return changed ? { ...said, text } : said;
}
