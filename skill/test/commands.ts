/** Requests as the component makes them, and the answers to them. */

import assert from 'node:assert/strict';

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
