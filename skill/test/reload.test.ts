import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { runs } from '../src/runs.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { TASK, directory, until, use } from './use.ts';

const place = mkdtempSync(join(tmpdir(), 'parallel-agents-test-'));
after(() => rmSync(place, { recursive: true, force: true }));

// OpenClaw copies a plugin before it loads it, and removes the copy when the operator changes its configuration.
test('after another load of the plugin runs are started from its own files, and earlier ones are still known', async () => {
  const task = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };
  const openclaw = new FakeOpenClaw();
  const use = async (tool: any, name: string, parameters: object) => {
    const described = tool.TOOLS.find((one: any) => one.name === `parallel_agents_${name}`);
    const loadTools = async () => () => openclaw.tools();
    const [api, context] = [openclaw.api({ retentionDays: 0 }), openclaw.context];
    const made = tool.createTool(described, { api, context, outside: (work: any) => work(), runOf: () => 'turn', loadTools, notices: () => undefined });
    return (await made.execute('call-1', parameters)).details;
  };
  for (const part of ['src', 'dist', 'openclaw.plugin.json'])
    cpSync(fileURLToPath(new URL(`../${part}`, import.meta.url)), join(place, part), { recursive: true });
  const earlier = await import(pathToFileURL(join(place, 'src/tool.ts')).href);
  const first = await use(earlier, 'run', { tasks: [task] });
  assert.equal(first.state, 'done', JSON.stringify(first));
  rmSync(place, { recursive: true });

  const later = await import('../src/tool.ts');
  const second = await use(later, 'run', { tasks: [task] });
  assert.equal(second.state, 'done', JSON.stringify(second));
  const { runs } = await use(later, 'runs', { action: 'list' });
  assert.deepEqual(
    runs.map(({ run_id }: { run_id: string }) => run_id),
    [second.run_id, first.run_id],
  );
});

// So that what it asks of OpenClaw is answered again; the earlier load's words are not.
test('a run that an update cuts off is interrupted, its sessions are left alone, and it goes on', async () => {
  const state = directory();
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const { run_id, state: first } = await use(openclaw, 'run', { tasks: [TASK, TASK], timeoutSeconds: 1 }, { state });
  assert.equal(first, 'running');
  await until(() => openclaw.live().length === 2);
  const waiting = use(openclaw, 'runs', { action: 'status', run_id, timeoutSeconds: 600 }, { state });
  await until(() => runs.get(run_id, openclaw.owner)?.isWaitedFor === true);
  await runs.cutOff();
  const cut = await waiting;
  assert.deepEqual([cut.state, cut.errors[0].code], ['broken', 'E_CUT_OFF'], JSON.stringify(cut));
  assert.equal(openclaw.live().length, 2);
  const listed = await use(openclaw, 'runs', { action: 'list' }, { state });
  assert.equal(listed.runs.find((run: any) => run.run_id === run_id).state, 'interrupted');
  openclaw.answer = 'an answer';
  openclaw.sessions.forEach((session) => openclaw.end(session));
  const { state: last, result } = await use(openclaw, 'runs', { action: 'resume', run_id, timeoutSeconds: 60 }, { state });
  assert.deepEqual([last, result.results.map((one: any) => one.output), openclaw.sessions.length], ['done', ['an answer', 'an answer'], 2]);
});

test('where nothing is kept, a run is not cut off', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const config = { retentionDays: 0 };
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK], timeoutSeconds: 1 }, { config });
  await runs.cutOff();
  openclaw.answer = 'an answer';
  openclaw.sessions.forEach((session) => openclaw.end(session));
  assert.equal((await use(openclaw, 'runs', { action: 'status', run_id, timeoutSeconds: 60 }, { config })).state, 'done');
});

test('a run that was cut off has not ended: it is not forgotten with those that have, and is cancelled with its sessions', async () => {
  const state = directory();
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK, TASK, TASK], max_concurrent: 2, timeoutSeconds: 1 }, { state });
  await until(() => openclaw.live().length === 2);
  await runs.cutOff();
  const forgotten = await use(openclaw, 'call', { command: 'forget all' }, { state });
  assert.ok(!forgotten.result.forgotten.includes(run_id), JSON.stringify(forgotten));
  const reply = await use(openclaw, 'runs', { action: 'cancel', run_id, timeoutSeconds: 60 }, { state });
  assert.deepEqual([reply.state, reply.run_id, reply.result?.status], ['done', run_id, 'cancelled'], JSON.stringify(reply));
  assert.deepEqual([openclaw.live(), openclaw.sessions.length], [[], 2], 'and none is spawned');
  const after = await use(openclaw, 'call', { command: 'forget all' }, { state });
  assert.ok(after.result.forgotten.includes(run_id));
});
