import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { runs } from '../src/runs.ts';
import { Store } from '../src/store.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { MAP, TASK, directory, loseResult, use } from './use.ts';

test('a run comes back with its result, and its files are its owner’s alone', async () => {
  const state = directory();
  const shown: object[] = [];
  const reply = await use(new FakeOpenClaw(), 'run', { tasks: [TASK, TASK] }, { state }, undefined, shown);
  assert.equal(reply.state, 'done', JSON.stringify(reply));
  assert.deepEqual(
    reply.result.results.map((result: any) => result.output),
    ['an answer', 'an answer'],
  );
  const [line] = shown.slice(-1) as { progress: { text: string } }[];
  assert.match(line?.progress.text ?? '', /^2 of 2 tasks ended/, 'what is shown is how far it is, and no list of tasks');
  const runs = join(state, 'parallel-agents/runs');
  const files = readdirSync(runs);
  assert.deepEqual(
    files.map((file) => file.split('.')[1]).sort(),
    ['journal', 'json', 'result', 'seen', 'sessions', 'tasks'],
  );
  for (const file of files) assert.equal(statSync(join(runs, file)).mode & 0o777, 0o600, file);
  assert.equal(statSync(runs).mode & 0o777, 0o700);
});

test('a run is shown as a page, with what its sessions were asked and said', async () => {
  const state = directory();
  const openclaw = new FakeOpenClaw();
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK] }, { state });
  const { result, state: done } = await use(openclaw, 'call', { command: `report ${run_id}` }, { state });
  assert.equal(done, 'done');
  assert.equal(result.file, join(state, 'parallel-agents/runs', `${run_id}.html`));
  assert.equal(statSync(result.file).mode & 0o777, 0o600);
  const html = readFileSync(result.file, 'utf8');
  const document = JSON.parse(html.split('id="document">')[1]?.split('</script>')[0] ?? '');
  assert.equal(document.function, 'run_tasks');
  assert.equal(document.report.results[0].output, 'an answer');
  const [session, ...others] = document.sessions;
  assert.deepEqual(others, []);
  assert.equal(session.session_key, document.report.results[0].session_key);
  assert.equal(document.heads[session.head] + session.prompt, openclaw.sessions[0]?.prompt);
  assert.equal(session.answer, 'an answer');
  assert.ok(session.asked_ms <= session.started_ms && session.started_ms <= session.ended_ms, JSON.stringify(session));
  const unkept = await use(openclaw, 'runs', { action: 'report', run_id }, { state, config: { retentionDays: 0 } });
  assert.equal(unkept.errors[0].code, 'E_NOT_KEPT');
  assert.match(unkept.errors[0].hint, /retentionDays/);
});

test('the catalogue leaves nothing behind, so it may be read again', async () => {
  const state = directory();
  const openclaw = new FakeOpenClaw();
  const replies = [];
  for (const parameters of [{}, {}, { agent_type: 'code_reviewer' }, { agent_type: 'code_reviewer' }]) {
    const reply = await use(openclaw, 'catalogue', parameters, { state });
    assert.deepEqual([reply.state, reply.run_id], ['done', null]);
    replies.push(reply);
  }
  assert.deepEqual([replies[0], replies[2]], [replies[1], replies[3]]);
  assert.deepEqual(readdirSync(join(state, 'parallel-agents/runs')), []);
  assert.deepEqual(openclaw.sessions, []);
});

test('where nothing is to be kept, nothing is written', async () => {
  const state = directory();
  const reply = await use(new FakeOpenClaw(), 'run', { tasks: [TASK] }, { state, config: { retentionDays: 0 } });
  assert.equal(reply.state, 'done');
  assert.deepEqual(readdirSync(state), []);
});

test('a place where nothing can be kept is told of, and throws nothing', async () => {
  const state = directory();
  mkdirSync(join(state, 'parallel-agents'));
  writeFileSync(join(state, 'parallel-agents/runs'), 'a file, where a directory is wanted');
  const reply = await use(new FakeOpenClaw(), 'run', { tasks: [TASK] }, { state });
  assert.equal(reply.errors[0].code, 'E_HOST');
  assert.match(reply.errors[0].message, /ENOTDIR|EEXIST/);
});

for (const [name, given] of [['run_tasks', { tasks: [TASK, TASK] }], ['map_tasks', MAP]] as const) {
  test(`a run of ${name} whose journal is complete and whose result was lost has it again when it goes on`, async () => {
    const setup = { state: directory(), context: { workspaceDir: directory() } };
    const openclaw = new FakeOpenClaw();
    const first = await use(openclaw, 'call', { function: name, arguments: given }, setup);
    const { run_id } = first;
    loseResult(setup.state, run_id);
    assert.equal((await use(openclaw, 'runs', { action: 'status', run_id }, setup)).state, 'interrupted');
    const again = await use(openclaw, 'runs', { action: 'resume', run_id }, setup);
    assert.deepEqual([again.state, again.run_id], ['done', run_id], JSON.stringify(again));
    assert.deepEqual(again.result.results, first.result.results);
    assert.equal(openclaw.sessions.length, 2, 'nothing is done again');
    const store = new Store(setup.state);
    assert.deepEqual([store.record(run_id)?.state, store.result(run_id)?.tag], ['done', 'answer']);
    for (const forget of [() => {}, () => runs.forget(run_id)]) {
      forget();
      assert.equal((await use(openclaw, 'runs', { action: 'status', run_id }, setup)).state, 'done');
    }
  });
}

test('a journal that cannot be used ends no run', async () => {
  const state = directory();
  const openclaw = new FakeOpenClaw();
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK] }, { state });
  loseResult(state, run_id);
  const journal = new Store(state).place(run_id);
  const good = readFileSync(journal, 'utf8');
  writeFileSync(journal, 'garbage\n');
  const refused = await use(openclaw, 'runs', { action: 'resume', run_id }, { state });
  assert.deepEqual([refused.state, refused.errors[0].code], ['refused', 'E_JOURNAL_FOREIGN'], JSON.stringify(refused));
  assert.equal((await use(openclaw, 'runs', { action: 'status', run_id }, { state })).state, 'interrupted');
  writeFileSync(journal, good);
  assert.equal((await use(openclaw, 'runs', { action: 'resume', run_id }, { state })).state, 'done');
});
