/** Requests that are kept under a name. */

import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { beforeCall } from '../src/before_call.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { TASK, directory, say, use } from './use.ts';

const REVIEW = {
  description: 'Reviews one file.',
  function: 'review_team',
  parameters: { code: { description: 'The source text.' }, width: { default: 2 } },
  arguments: { code: '{{code}}', max_concurrent: '{{width}}' },
};

/** A workspace of its own, and calls in it. */
function workspace() {
  const workspaceDir = directory();
  const openclaw = new FakeOpenClaw();
  const saved = (parameters: object, more: object = {}) => use(openclaw, 'saved', parameters, { context: { workspaceDir }, ...more });
  const line = (command: string) => say(openclaw, command, { context: { workspaceDir } });
  return { workspaceDir, openclaw, saved, line, folder: join(workspaceDir, 'parallel-agents') };
}

test('a request is kept as a file that people can read, listed, run with values, and removed', async () => {
  const { openclaw, saved, folder } = workspace();
  assert.deepEqual((await saved({ action: 'list' })).result, { requests: [] });
  const kept = await saved({ action: 'save', name: 'review', ...REVIEW });
  assert.deepEqual([kept.result.place, kept.result.replaced], ['parallel-agents/review.json', false], JSON.stringify(kept));
  assert.equal(readFileSync(join(folder, 'review.json'), 'utf8'), `${JSON.stringify(REVIEW, undefined, 2)}\n`);
  assert.deepEqual((await saved({ action: 'list' })).result.requests, [
    { name: 'review', description: 'Reviews one file.', function: 'review_team', parameters: ['code', 'width'] },
  ]);
  const reply = await saved({ action: 'run', name: 'review', values: { code: 'fn {{width}}() {}' } });
  assert.deepEqual([reply.state, reply.result.results.length], ['done', 5], JSON.stringify(reply));
  assert.ok(openclaw.sessions.every(({ prompt }) => prompt.includes('fn {{width}}() {}')));
  assert.equal((await saved({ action: 'save', name: 'review', ...REVIEW })).result.replaced, true);
  assert.deepEqual((await saved({ action: 'delete', name: 'review' })).result, { deleted: 'review' });
  assert.equal((await saved({ action: 'delete', name: 'review' })).errors[0].code, 'E_SAVED_UNKNOWN');
  assert.deepEqual(readdirSync(folder), []);
});

test('whatever a call may ask for can be kept and run', async () => {
  const { openclaw, saved, folder } = workspace();
  // The first one fits into a file as people like to read it, and the second one only without line ends.
  for (const [name, input] of [['texts', 'x'.repeat(120_000)], ['numbers', Array(45_000).fill(1)]] as const) {
    const tasks = Array(20).fill({ ...TASK, input_data: { a: { b: { c: { d: input } } } } });
    const kept = await saved({ action: 'save', name, function: 'run_tasks', arguments: { tasks } });
    assert.equal(kept.ok, true, JSON.stringify(kept));
    assert.ok(statSync(join(folder, `${name}.json`)).size <= 16 << 20);
    const reply = await saved({ action: 'run', name });
    assert.equal(reply.state, 'done', JSON.stringify(reply).slice(0, 500));
  }
  assert.equal(openclaw.sessions.length, 40);
});

test('all values that are missing or unknown are told at once, and nothing runs', async () => {
  const { openclaw, saved } = workspace();
  await saved({ action: 'save', name: 'posts', function: 'content_team', arguments: { topic: '{{topic}}', platform: '{{platform}}' } });
  const reply = await saved({ action: 'run', name: 'posts', values: { topics: 1, plattform: 2 } });
  const told = reply.errors.map(({ code, path }: any) => `${code} ${path}`);
  assert.deepEqual(told, ['E_PARAMETER_MISSING /values/platform', 'E_PARAMETER_UNKNOWN /values/plattform', 'E_PARAMETER_MISSING /values/topic', 'E_PARAMETER_UNKNOWN /values/topics']);
  assert.match(reply.errors[1].hint, /did you mean platform\?/);
  assert.equal(openclaw.sessions.length, 0);
});

test('a name is never a path, and nothing outside of the folder is touched', async () => {
  const { saved, workspaceDir, folder } = workspace();
  writeFileSync(join(workspaceDir, 'secret.json'), JSON.stringify(REVIEW));
  for (const name of ['../secret', '/etc/passwd', 'a/b', '.', '..', '', 'A', 'a.json', 'x'.repeat(65), 7, null, undefined])
    for (const action of ['save', 'run', 'delete'])
      assert.equal((await saved({ ...REVIEW, action, name })).errors[0].code, 'E_SAVED_NAME', `${action} ${name}`);
  mkdirSync(folder);
  symlinkSync(join(workspaceDir, 'secret.json'), join(folder, 'link.json'));
  assert.match((await saved({ action: 'run', name: 'link', values: { code: 'x' } })).errors[0].message, /is no file/);
});

test('nothing is written through a link, and nothing at all is done in a folder that is one', async () => {
  const { saved, openclaw, workspaceDir, folder } = workspace();
  const outside = directory();
  const file = join(outside, 'review.json');
  writeFileSync(file, JSON.stringify(REVIEW));
  mkdirSync(folder);
  symlinkSync(file, join(folder, 'review.json.new'));
  const kept = await saved({ action: 'save', name: 'review', function: 'run_tasks', arguments: { tasks: [TASK] } });
  assert.equal(kept.ok, true, JSON.stringify(kept));
  assert.ok(lstatSync(join(folder, 'review.json')).isFile() && !existsSync(join(folder, 'review.json.new')));
  assert.equal(readFileSync(file, 'utf8'), JSON.stringify(REVIEW));

  rmSync(folder, { recursive: true });
  symlinkSync(outside, join(workspaceDir, 'parallel-agents'));
  const asked = [{ action: 'list' }, { action: 'save', ...REVIEW }, { action: 'run', values: { code: 'x' } }, { action: 'delete' }];
  for (const given of asked) {
    const { errors } = await saved({ name: 'review', ...given });
    assert.deepEqual(errors?.map(({ code, message }: any) => [code, message]), [['E_SAVED', 'parallel-agents in the workspace is a link, need a directory']], given.action);
  }
  assert.deepEqual([readdirSync(outside), readFileSync(file, 'utf8')], [['review.json'], JSON.stringify(REVIEW)]);
  assert.equal(openclaw.sessions.length, 0);
});

test('what cannot be kept is refused with all that is wrong, and a bad file stops no other', async () => {
  const { saved, folder } = workspace();
  const wrong = { function: 'review_tean', arguments: { code: '{{ }}' } };
  assert.equal((await saved({ action: 'save', name: 'a', ...wrong })).errors[0].code, 'E_FUNCTION_UNKNOWN');
  const undeclared = { ...REVIEW, arguments: { code: '{{kode}}' } };
  const codes = (await saved({ action: 'save', name: 'a', ...undeclared })).errors.map(({ code }: any) => code);
  assert.deepEqual(codes.sort(), ['E_PARAMETER_UNDECLARED', 'E_PARAMETER_UNUSED', 'E_PARAMETER_UNUSED']);
  await saved({ action: 'save', name: 'good', ...REVIEW });
  writeFileSync(join(folder, 'bad.json'), '{"function": ');
  writeFileSync(join(folder, 'list.json'), '[]');
  writeFileSync(join(folder, 'notes.txt'), 'not mine');
  const { requests } = (await saved({ action: 'list' })).result;
  assert.deepEqual(requests.map(({ name, wrong }: any) => [name, wrong !== undefined]), [['bad', true], ['good', false], ['list', true]]);
  const broken = await saved({ action: 'run', name: 'bad', values: {} });
  assert.deepEqual([broken.errors[0].code, broken.errors[0].message.startsWith('parallel-agents/bad.json: ')], ['E_SAVED', true]);
});

test('without a workspace there are none', async () => {
  const reply = await use(new FakeOpenClaw(), 'saved', { action: 'list' });
  assert.equal(reply.errors[0].code, 'E_NO_WORKSPACE');
});

test('the slash command keeps, lists, runs and removes them', async () => {
  const { openclaw, line } = workspace();
  assert.match(await line('saved'), /^There are no saved requests/);
  assert.match(await line(`save review ${JSON.stringify(REVIEW)}`), /^Saved in `parallel-agents\/review\.json`\. `\/parallel_agents run review code=… width=…` runs it\.$/);
  assert.match(await line('saved'), /\| review \| review_team \| code, width \| Reviews one file\. \|/);
  assert.match(await line('run review code="fn main() {} // \\"x\\"" width:=1'), / of 5 tasks completed/);
  assert.ok(openclaw.sessions.every(({ prompt }) => prompt.includes('fn main() {} // \\"x\\"') || prompt.includes('fn main() {} // "x"')));
  assert.match(await line('run review'), /E_PARAMETER_MISSING.*code is missing \(The source text\.\)/);
  assert.match(await line('run review code=x width=two'), /E_CONCURRENCY/);
  assert.match(await line('run review code'), /E_COMMAND/);
  assert.match(await line('run review width:={'), /E_COMMAND.*is no JSON/);
  assert.match(await line('delete review'), /^Removed the saved request `review`\.$/);
});

test('somebody is asked about a saved request as about any other', async () => {
  const { openclaw, saved, workspaceDir } = workspace();
  const config = { approval: { above_sessions: 3 } };
  await saved({ action: 'save', name: 'review', ...REVIEW });
  const parameters = { action: 'run', name: 'review', values: { code: 'x' } };
  const api = openclaw.api(config);
  api.runtime = { ...api.runtime, agent: { resolveAgentWorkspaceDir: () => workspaceDir } };
  const event = { toolName: 'parallel_agents_saved', params: parameters, toolCallId: 'of-saved', runId: 'turn' };
  const question = await beforeCall(api, event, { agentId: 'main', sessionKey: 'agent:main:main' });
  assert.match(question!.requireApproval.description, /^review_team: 5 sessions expected/);
  const refused = await saved(parameters, { config, callId: 'another' });
  assert.deepEqual([refused.errors[0].code, openclaw.sessions.length], ['E_APPROVAL', 0]);
  question!.requireApproval.onResolution('allow-once');
  assert.equal((await saved(parameters, { config, callId: 'of-saved' })).state, 'done');
  assert.equal((await saved({ action: 'save', name: 'plain', function: 'run_tasks', arguments: { tasks: [TASK], approval: { always: true } } })).state, 'done');
  assert.equal((await saved({ action: 'run', name: 'plain' })).errors[0].code, 'E_APPROVAL');
});
