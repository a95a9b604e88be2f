import assert from 'node:assert/strict';
import { test } from 'node:test';

import { call } from '../src/call.ts';
import { Host } from '../src/host.ts';
import { MAX_CHARS, shortened, withReport } from '../src/reports.ts';
import { FakeOpenClaw } from './openclaw.ts';

const WORKER = new URL('../dist/worker.js', import.meta.url);

test('a long report comes as a digest, and all of it can be read', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = 'line "é"\n'.repeat(2_000);
  const gateway = openclaw.gateway();
  const host = new Host(gateway, gateway.facts(7n));
  const ask = (name: string, document: string) => call(WORKER, { function: name, arguments: document }, host, () => {});
  const task = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };
  const whole = await ask('run_tasks', JSON.stringify({ tasks: [task, task, task] }));
  assert.ok(whole.val.length > MAX_CHARS, whole.val.slice(0, 500));

  const short = await shortened(whole, MAX_CHARS, ask);
  assert.ok(short.val.length <= MAX_CHARS, String(short.val.length));
  const digest = JSON.parse(short.val);
  assert.equal(digest.results.length, 3);
  assert.ok(digest.results.every((row: any) => row.output_cut === true && row.output_chars === 18_000));

  let read = '';
  for (let offset: number | null = 0; offset !== null; ) {
    const page = JSON.parse(
      (await ask('result_page', withReport({ report_id: digest.report_id, task_id: 'task-2', offset }))).val,
    );
    read += page.text;
    offset = page.next_offset;
  }
  assert.equal(read, openclaw.answer);

  const gone = await ask('result_page', withReport({ report_id: 'none', task_id: 'task-2' }));
  assert.equal(JSON.parse(gone.val).error.code, 'E_REPORT');
  await host.close();
});

test('what is short, refused or no report stays as it is', async () => {
  const never = () => assert.fail('nothing to ask');
  for (const reply of [
    { tag: 'answer' as const, val: '{}' },
    { tag: 'refused' as const, val: 'x'.repeat(20_000) },
  ])
    assert.equal(await shortened(reply, MAX_CHARS, never), reply);
  const long = { tag: 'answer' as const, val: 'x'.repeat(20_000) };
  assert.equal(await shortened(long, MAX_CHARS, async () => ({ tag: 'refused', val: '' })), long);
});
