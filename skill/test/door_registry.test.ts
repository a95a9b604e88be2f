/** How long the door knows its keys. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { DoorRegistry } from '../src/door_registry.ts';
import { directory } from './use.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test('keys that are over and old are forgotten without a restart, at most once an hour', () => {
  const [state, now] = [directory(), Date.now()];
  const registry = DoorRegistry.open(state, 14, now);
  const receipt = (sessionKey: string) => ({ what: 'receipt' as const, receipt: { sessionKey, runId: sessionKey, toolFree: false } });
  for (const key of ['doubt', 'ended', 'live']) registry.note(key, { what: 'asked', print: key, label: key, group: 'one' });
  for (const key of ['ended', 'live']) registry.note(key, receipt(key));
  registry.note('ended', { what: 'ended', outcome: 'completed' });
  const known = (ms: number) => [...DoorRegistry.open(state, 14, now + ms).shared.entries.keys()].toSorted();
  assert.deepEqual(known(13 * DAY_MS), ['doubt', 'ended', 'live']);
  assert.deepEqual(known(15 * DAY_MS), ['doubt', 'live'], 'what may still get a receipt stays');
  const file = readFileSync(join(state, 'parallel-agents/door/keys.jsonl'), 'utf8');
  assert.deepEqual(new Set(file.trimEnd().split('\n').map((line) => JSON.parse(line).key)), new Set(['doubt', 'live']));
  registry.note('gone', { what: 'cancelled' });
  assert.deepEqual(known(15 * DAY_MS + HOUR_MS), ['doubt', 'gone', 'live']);
  assert.deepEqual(known(15 * DAY_MS + HOUR_MS + 1), ['doubt', 'live']);
});
