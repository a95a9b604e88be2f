/** Requests as the component makes them, and the answers to them. */

import assert from 'node:assert/strict';

/** Until all that can happen by now has happened, but for what another thread does. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

import type { Command, EventKind, SpawnOptions } from '../src/contract.ts';

/** The key of a fake gateway's first session. */
export const KEY = 'agent:main:subagent:0';

/** A request for an agent without tools. */
export function options(idempotencyKey = 'key'): SpawnOptions {
  return {
    task: 'Say something.',
    label: 'a label',
    taskName: 'task',
    runTimeoutSeconds: 9,
    cleanup: 'keep',
    toolFree: true,
    form: { tag: 'text' },
    idempotencyKey,
  };
}

export const spawn = (request: bigint, key?: string): Command => ({ kind: 'spawn', request, options: options(key) });

/** The outcome of the request that the next event answers. */
export function outcome(what: EventKind, request: bigint) {
  assert.ok(what.tag === 'answered' && what.val.request === request, `not the answer to ${request}: ${what.tag}`);
  return what.val.outcome;
}
