/** What people see who use the slash command. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { markdown } from '../src/markdown.ts';
import { read } from '../src/slash.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { MAP, TASK, directory, say, until, use } from './use.ts';

test('help lists every command, each of which is understood', async () => {
  const shown = await say(new FakeOpenClaw(), 'help');
  const commands = [...shown.matchAll(/^- `\/parallel_agents ([^\s`]+)/gm)].map(([, word]) => word!);
  assert.ok(commands.length >= 10 && commands.includes('help'), shown);
  for (const word of commands.filter((word) => word !== 'FUNCTION'))
    assert.notEqual(read(word === 'save' ? 'save name {}' : word === 'run' ? 'run name a=b' : `${word} pa-0123456789ab task-1`).kind, 'function', word);
  assert.equal(read('versions {}').kind, 'function');
});

test('a result is a table with the first line of each answer, and says where the rest is', async () => {
  const openclaw = new FakeOpenClaw();
  const state = directory();
  openclaw.answerOf = ({ key }) => (key.endsWith('0') ? 'It works.\nAnd more.' : '<b>Not | quite</b>');
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK, TASK] }, { state });
  const shown = await say(openclaw, `status ${run_id}`, { state });
  assert.match(shown, new RegExp(`^Run \`${run_id}\`: \\*\\*completed\\*\\*, 2 of 2 tasks completed`));
  assert.match(shown, /^\| task-1 \| code_reviewer \| completed \| [\d.]+ s \| It works\. \|$/m);
  assert.match(shown, /\\<b\\>Not \\\| quite/);
  assert.match(shown, new RegExp(`/parallel_agents page ${run_id} TASK`));
  assert.doesNotMatch(shown, /metadata|\{/);
  assert.match(await say(openclaw, `page ${run_id} task-1`, { state }), /^`task-1`, from character 0 of 19; the end:\n\n```\nIt works\.\nAnd more\.\n```$/);
  assert.match(await say(openclaw, `explain ${run_id} task-1`, { state }), /^```\ntask-1, a task for code_reviewer, is completed\./);
  assert.match(await say(openclaw, 'list', { state }), new RegExp(`\\| ${run_id} \\| run_tasks`.replace(/_/g, '_')));
});

test('a run that goes on, one that was cut off, and what is wrong are said in a sentence', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK, TASK], timeoutSeconds: 1 });
  await until(() => openclaw.live().length === 2);
  const list = await say(openclaw, 'list');
  assert.match(list, new RegExp(`${run_id} .* running \\| 0 of 2`));
  assert.match(await say(openclaw, `cancel ${run_id}`), /\*\*cancelled\*\*, 0 of 2 tasks completed/);
  assert.match(await say(openclaw, 'status pa-0123456789ff'), /^- \*\*E_RUN_UNKNOWN\*\*: this session has no run/);
  assert.match(await say(openclaw, 'review_team {"code'), /^- \*\*E_COMMAND\*\*.*help\)$/);
  const running = { ok: true, state: 'running', run_id, progress: { ended: 1, running: 2, total: 3 }, tasks: [{ task_id: 'a', agent_type: 'b', status: 'running' }] };
  assert.match(markdown(running), /is \*\*running\*\*: 1 of 3 tasks ended, 2 running\.\n\n\| Task \| Agent \| Status \|\n\|---\|---\|---\|\n\| a \| b \| running \|/);
  assert.match(markdown({ ok: true, state: 'interrupted', run_id }), /\*\*interrupted\*\*: `\/parallel_agents resume/);
});

test('no text ends the block of code that it stands in', () => {
  const shown = markdown({ ok: true, state: 'done', run_id: null, result: { task_id: 'a', offset: 0, next_offset: null, total_chars: 9, text: 'x\n````\ny' } });
  assert.match(shown, /\n`````\nx\n````\ny\n`````$/);
});

test('cancel and resume of a run that has ended say that there was nothing to do', async () => {
  const openclaw = new FakeOpenClaw();
  const state = directory();
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK] }, { state });
  for (const [action, words] of [['cancel', /^there was nothing to cancel/], ['resume', /^there was nothing to resume/]] as const) {
    const reply = await use(openclaw, 'runs', { action, run_id }, { state });
    assert.deepEqual([reply.ok, reply.state, reply.result.results[0].status], [true, 'done', 'completed'], action);
    assert.match(reply.hint, words);
    assert.match(await say(openclaw, `${action} ${run_id}`, { state }), new RegExp(`^There was nothing to ${action}: .*\\.\n\nRun`));
  }
  assert.equal(openclaw.sessions.length, 1);
});

test('forget removes what is kept of runs of this session that have ended, and of no other', async () => {
  const state = directory();
  const files = () => readdirSync(join(state, 'parallel-agents/runs')).map((file) => file.split('.')[0]!);
  const openclaw = new FakeOpenClaw();
  const ran = async (context?: object) => (await use(openclaw, 'run', { tasks: [TASK] }, { state, context })).run_id as string;
  const [first, second, third] = [await ran(), await ran(), await ran()];
  const foreign = await ran({ sessionKey: 'agent:main:other' });
  openclaw.answer = undefined;
  const { run_id: live } = await use(openclaw, 'run', { tasks: [TASK], timeoutSeconds: 1 }, { state });
  await until(() => openclaw.live().length === 1);
  assert.match(await say(openclaw, `forget ${first}`, { state }), new RegExp(`^Removed prompts, answers and results of \`${first}\``));
  assert.ok(!files().includes(first) && files().includes(second));
  assert.match(await say(openclaw, `status ${first}`, { state }), /E_RUN_UNKNOWN/);
  assert.match(await say(openclaw, `forget ${live}`, { state }), /E_RUN_LIVE.*goes on \(cancel it first\)/);
  assert.match(await say(openclaw, `forget ${foreign}`, { state }), /E_RUN_UNKNOWN/);
  const said = await say(openclaw, 'forget all', { state });
  for (const id of [second, third]) assert.ok(said.includes(id), said);
  assert.deepEqual([...new Set(files())].sort(), [foreign, live].sort());
  // With an answer: a session that ends without one is followed by another, and the call would wait for that.
  openclaw.answer = 'It works.';
  openclaw.end(openclaw.sessions.at(-1)!);
  assert.equal((await use(openclaw, 'runs', { action: 'status', run_id: live }, { state })).state, 'done');
  await say(openclaw, 'forget all', { state });
  assert.match(await say(openclaw, 'forget all', { state }), /^There was nothing to forget/);
});

test('forget removes the answers of items from the workspace too, and nothing to which a link leads', async () => {
  const [workspaceDir, openclaw] = [directory(), new FakeOpenClaw()];
  const setup = { state: directory(), context: { workspaceDir } };
  const folder = join(workspaceDir, 'parallel-agents');
  const ran = async () => (await use(openclaw, 'call', { function: 'map_tasks', arguments: MAP }, setup)).run_id as string;
  const [first, second] = [await ran(), await ran()];
  assert.deepEqual(readdirSync(folder).sort(), [`${first}.jsonl`, `${second}.jsonl`].sort());
  await say(openclaw, `forget ${first}`, setup);
  assert.deepEqual(readdirSync(folder), [`${second}.jsonl`]);
  renameSync(folder, join(workspaceDir, 'elsewhere'));
  symlinkSync(join(workspaceDir, 'elsewhere'), folder);
  await say(openclaw, 'forget all', setup);
  assert.ok(existsSync(join(workspaceDir, 'elsewhere', `${second}.jsonl`)));
});
