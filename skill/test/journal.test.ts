import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { call } from '../src/call.ts';
import { Gateway } from '../src/gateway.ts';
import { Host } from '../src/host.ts';
import { append } from '../src/journal.ts';
import { facts } from '../src/sessions.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { TASK, directory } from './use.ts';

/** What a write that fails tells the component. */
function payload(file: string): unknown {
  try {
    append(file, 'a line\n');
  } catch (error) {
    return (error as { payload?: { tag: string } }).payload?.tag;
  }
  return undefined;
}

test('a journal that cannot be written says why, in the words of the contract', { skip: !existsSync('/dev/full') }, () => {
  assert.equal(payload('/dev/full'), 'full');
  assert.equal(payload(join(directory(), 'no such directory', 'journal')), 'failed');
});

test('a run whose journal cannot be written starts nothing, and says why', { skip: !existsSync('/dev/full') }, async () => {
  const openclaw = new FakeOpenClaw();
  const around = facts(openclaw.around(), { seed: 7n, maxConcurrent: 50, keepsJournal: true });
  const host = new Host(new Gateway(openclaw.around(), () => openclaw.tools()), around, {});
  const request = { function: 'run_tasks', arguments: JSON.stringify({ tasks: [TASK] }), journal: '/dev/full' };
  const reply = await call(new URL('../dist/worker.js', import.meta.url), request, host, () => {});
  const report = JSON.parse(reply.val);
  assert.deepEqual([report.status, openclaw.sessions.length], ['cancelled', 0], reply.val);
  assert.match(reply.val, /the journal cannot be written: E_JOURNAL_FULL: ENOSPC/);
  await host.close();
});
