import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eventCame, waitForEvents } from '../src/component_timers.ts';
import { settled } from './commands.ts';

test('what looks again and again is woken by an event, and what waits for nothing goes on at once', async () => {
  const own = globalThis.setTimeout;
  waitForEvents();
  try {
    const done: string[] = [];
    setTimeout(() => done.push('at once'), 0);
    setTimeout(() => {
      done.push('looked');
      setTimeout(() => done.push('looked again'), 10);
    }, 10);
    await settled();
    assert.deepEqual(done, ['at once']);
    eventCame();
    await settled();
    assert.deepEqual(done, ['at once', 'looked']);
    eventCame();
    await settled();
    assert.deepEqual(done, ['at once', 'looked', 'looked again']);
  } finally {
    globalThis.setTimeout = own;
  }
});
