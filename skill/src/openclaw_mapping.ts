/** OpenClaw's answers to commands as the contract's types. Total: whatever comes in, something of the right shape comes out. */

import type { HostError, Receipt, SessionRow } from './contract.ts';
import { refusalOf, remedied } from './failures.ts';
import { redacted } from './redact.ts';
import { cutMessage, headOfMessage } from './text.ts';
import { type Fields, errorText, fields, text } from './values.ts';
import { waitIn } from './waits.ts';

/** An answer of OpenClaw that says why nothing happened. */
export class Refused extends Error {
  readonly tag: HostError['tag'];
  constructor(tag: HostError['tag'], message: string) {
    super(message);
    this.tag = tag;
  }
}

/** Why a request did not succeed. An error whose effect is not known leaves the request in doubt. */
export function hostError(error: unknown): HostError {
  const said = redacted(headOfMessage(errorText(error)));
  const message = cutMessage(remedied(said));
  const known = error instanceof Refused ? error.tag : (refusalOf(said) ?? 'in-doubt');
  // OpenClaw marks errors in its tools' arguments like this.
  const tag = known === 'in-doubt' && fields(error)['status'] === 400 ? 'invalid' : known;
  if (tag !== 'rate-limited') return { tag, val: message };
  const wait = waitIn(said);
  return { tag, val: { message, retryAfterMs: wait === undefined ? undefined : BigInt(wait) } };
}

/** The receipt in the answer to `sessions_spawn`, and the run's name for `agents_wait`. Throws if it is none. */
export function receipt(answer: Fields): Receipt {
  const sessionKey = text(answer['childSessionKey']);
  const runId = text(answer['runId']);
  if (answer['status'] === 'accepted' && sessionKey && runId) {
    // One harmless tool of the host remains even where tools were taken away (see `Gateway`), so this is never true.
    return { sessionKey, runId, appliedModel: text(answer['resolvedModel']), toolFree: false };
  }
  const message = headOfMessage(text(answer['error']) ?? 'the answer to sessions_spawn is no receipt');
  if (answer['status'] === 'forbidden') throw new Refused(refusalOf(message) ?? 'forbidden', message);
  if (answer['status'] === 'error') throw new Refused(refusalOf(message) ?? 'invalid', message);
  throw new Refused('in-doubt', message);
}

const STATES = new Map<unknown, SessionRow['state']>([
  ['queued', 'queued'],
  ['running', 'running'],
  ['done', 'completed'],
  ['failed', 'failed'],
  ['timeout', 'timed-out'],
  ['killed', 'cancelled'],
]);

/** One row of `sessions_list`. It has no usage: the host sums it up for a session, not for its last run. */
export function sessionRow(raw: unknown): SessionRow {
  const { key, label, status, model } = fields(raw);
  return {
    sessionKey: text(key) ?? '',
    label: text(label),
    state: STATES.get(status) ?? 'unknown',
    model: text(model),
    usage: undefined,
  };
}
