/** Agent types that stand in directories which the operator has configured. */

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { agentFiles } from '../src/agent_directories.ts';
import { beforeCall } from '../src/before_call.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { directory, say, use } from './use.ts';

const PLACE = '.claude/agents';

/** A file as other programs have it. */
const file = (head: string, body = 'You look after the tides.') => `---\n${head}\n---\n\n${body}\n`;

/** A workspace with these files in its directory of agents, and calls in it. */
function workspace(files: Record<string, string>) {
  const workspaceDir = directory();
  const folder = join(workspaceDir, PLACE);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const openclaw = new FakeOpenClaw();
  const config = { agentDirectories: [PLACE] };
  const setup = { config, context: { workspaceDir } };
  const run = (types: string[], more: object = {}) => {
    const tasks = types.map((agent_type) => ({ agent_type, task_description: 'When is low water?', output_format: 'text' }));
    return use(openclaw, 'run', { tasks, ...more }, setup);
  };
  return { workspaceDir, folder, openclaw, config, setup, run };
}

const TIDES = file('name: Tide Watcher\ndescription: Knows the tides.\ntools: Read, Bash\nmodel: haiku');

test('a task names an agent of a directory, which is read at the call', async () => {
  const { folder, openclaw, run } = workspace({ 'tides.md': TIDES, 'README.md': '# Our agents\n' });
  const reply = await run(['Tide Watcher', 'code_reviewer']);
  const results = reply.result.results.map(({ agent_type, status }: any) => `${agent_type} ${status}`);
  assert.deepEqual(results, ['tide_watcher completed', 'code_reviewer completed'], JSON.stringify(reply));
  assert.ok(openclaw.sessions[0]!.prompt.includes('You look after the tides.'));
  assert.deepEqual(reply.warnings.map((line: string) => line.split(': ')[0]), [`${PLACE}/tides.md:2`, `${PLACE}/tides.md:4`]);
  writeFileSync(join(folder, 'tides.md'), file('name: tide-watcher\ndescription: Knows the tides.', 'You count ships.'));
  const again = await run(['tide_watcher']);
  assert.deepEqual([again.state, again.warnings], ['done', undefined], JSON.stringify(again));
  assert.ok(openclaw.sessions.at(-1)!.prompt.includes('You count ships.'));
});

test('a bad file stops only requests that need it, and is named with its line', async () => {
  const bad = file('name: ship-counter\ndescription: Counts.\ntier: gold');
  const { folder, openclaw, run } = workspace({ 'tides.md': file('name: tides\ndescription: Tides.'), 'bad.md': bad });
  symlinkSync(join(folder, 'gone.md'), join(folder, 'link.md'));
  const reply = await run(['tides']);
  assert.equal(reply.state, 'done');
  assert.match(reply.warnings.join('\n'), /not used: \.claude\/agents\/bad\.md:4: tier: .*\nnot used: \.claude\/agents\/link\.md: cannot be read: ENOENT/);
  const count = openclaw.sessions.length;
  const refused = await run(['ship_counter', 'link']);
  assert.deepEqual(refused.errors.map(({ code, path }: any) => `${code} ${path}`), [`E_AGENT_FILE ${PLACE}/bad.md:4`, `E_AGENT_FILE ${PLACE}/link.md`]);
  assert.equal(openclaw.sessions.length, count);
});

test('two files of one name are an error if they differ, and a definition of the request counts first', async () => {
  const other = file('name: tides\ndescription: Tides.', 'You do something else.');
  const { openclaw, run } = workspace({ 'a.md': file('name: tides\ndescription: Tides.'), 'b/tides.md': other });
  const refused = await run(['tides']);
  assert.equal(refused.errors[0].code, 'E_AGENT_COLLISION');
  assert.match(refused.errors[0].message, /\.claude\/agents\/a\.md, \.claude\/agents\/b\/tides\.md/);
  const own = { name: 'tides', description: 'Ours.', prompt: 'You are the one of the request.' };
  const reply = await run(['tides'], { agents: [own] });
  assert.equal(reply.state, 'done', JSON.stringify(reply));
  assert.ok(openclaw.sessions[0]!.prompt.includes('You are the one of the request.'));
});

test('a definition of the request hides a file, and both kinds go together', async () => {
  const { run } = workspace({ 'tides.md': TIDES, 'ships.md': file('name: ships\ndescription: Ships.') });
  const agents = [{ name: 'ships', description: 'Ours.', prompt: 'You are the one of the request.' }];
  const reply = await run(['ships', 'tide_watcher'], { agents });
  assert.deepEqual(reply.result.results.map(({ status }: any) => status), ['completed', 'completed']);
  assert.equal(reply.warnings[0], `${PLACE}/ships.md: not used: the request has its own ships`);
});

test('links that lead out of a directory are not followed, and what is read has bounds', () => {
  const { workspaceDir, folder } = workspace({ 'in/a.md': TIDES, 'notes.txt': 'no', 'node_modules/x.md': TIDES });
  writeFileSync(join(workspaceDir, 'secret.md'), 'secret');
  symlinkSync(join(workspaceDir, 'secret.md'), join(folder, 'out.md'));
  symlinkSync(workspaceDir, join(folder, 'up'));
  symlinkSync('in', join(folder, 'same'));
  symlinkSync(folder, join(folder, 'in/circle'));
  const shown = (files: ReturnType<typeof agentFiles>) => files.map(({ path, content }) => `${path} ${content.tag === 'ok' ? content.tag : content.val}`);
  const out = 'it leads out of its directory';
  assert.deepEqual(shown(agentFiles([PLACE], workspaceDir)), [`${PLACE}/in/a.md ok`, `${PLACE}/in/circle ${out}`, `${PLACE}/out.md ${out}`, `${PLACE}/up ${out}`]);
  assert.deepEqual(shown(agentFiles([folder], undefined)).slice(0, 1), [`${folder}/in/a.md ok`]);
  assert.match(shown(agentFiles([PLACE, '/nowhere'], undefined)).join('\n'), /^\.claude\/agents it is relative, .*\n\/nowhere ENOENT/);
  assert.deepEqual(agentFiles(['elsewhere'], workspaceDir), []);
  for (let number = 0; number < 510; number += 1) writeFileSync(join(folder, `${number}.md`), 'x');
  const many = shown(agentFiles([PLACE], workspaceDir));
  assert.deepEqual([many.filter((line) => line.endsWith(' ok')).length, many.at(-1)], [500, `${PLACE} the configured directories have more than 500 files; the rest is left out`]);
  writeFileSync(join(folder, '0.md'), 'x'.repeat(3 << 20));
  const [large] = agentFiles([PLACE], workspaceDir);
  assert.equal(large!.content.tag === 'ok' && large!.content.val.length, (1 << 20) + 1);
});

test('the catalogue lists and describes them, and the slash command runs them', async () => {
  const { openclaw, setup } = workspace({ 'tides.md': TIDES, 'review.md': file('name: code-reviewer\ndescription: Ours.\ncategory: qa') });
  const all = await use(openclaw, 'catalogue', {}, setup);
  const named = (name: string) => all.result.agents.filter((agent: any) => agent.name === name);
  assert.deepEqual(named('tide_watcher'), [{ name: 'tide_watcher', title: 'Tide Watcher', description: 'Knows the tides.', category: 'custom' }]);
  assert.deepEqual(named('code_reviewer').map(({ description }: any) => description), ['Ours.']);
  const custom = await use(openclaw, 'catalogue', { category: 'custom' }, setup);
  assert.deepEqual(custom.result.agents.map(({ name }: any) => name), ['tide_watcher']);
  assert.equal((await use(openclaw, 'catalogue', { category: 'nothing' }, setup)).state, 'refused');
  const one = await use(openclaw, 'catalogue', { agent_type: 'Tide Watcher' }, setup);
  assert.equal(one.result.prompt.trim(), 'You look after the tides.', JSON.stringify(one));
  const line = `run_tasks {"tasks":[{"agent_type":"tide_watcher","task_description":"When?","output_format":"text"}]}`;
  assert.match(await say(openclaw, line, setup), /1 of 1 tasks completed/);
});

test('somebody is asked about the call as it will be made', async () => {
  const { openclaw, config, setup, workspaceDir } = workspace({ 'tides.md': TIDES });
  const asking = { ...config, approval: { always: true } };
  const params = { tasks: [{ agent_type: 'Tide Watcher', task_description: 'When?', output_format: 'text' }] };
  const api = openclaw.api(asking);
  api.runtime = { ...api.runtime, agent: { resolveAgentWorkspaceDir: () => workspaceDir } };
  const question = await beforeCall(api, { toolName: 'parallel_agents_run', params, toolCallId: 'of-tides', runId: 'turn' }, { agentId: 'main', sessionKey: 'agent:main:main' });
  question!.requireApproval.onResolution('allow-once');
  const reply = await use(openclaw, 'run', params, { ...setup, config: asking, callId: 'of-tides' });
  assert.equal(reply.state, 'done', JSON.stringify(reply));
});
