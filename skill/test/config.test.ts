import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { MANIFEST, asForecast, forbidden, limitsOf, readConfig, withModels } from '../src/config.ts';
import { read } from '../src/slash.ts';
import { TOOLS } from '../src/tool.ts';

const text = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');

test('the defaults stand in the manifest', () => {
  const { config, problems } = readConfig(undefined);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [config.maxConcurrent, config.timeoutSeconds, config.retentionDays, config.completionsForToolFree],
    [50, 80, 14, false],
  );
});

for (const [wrong, path] of [
  [7, ''],
  [{ budget: { tokens: 0.5 } }, '/budget/tokens'],
  [{ prices: { '*': { input: 1 } } }, '/prices/*/output'],
  [{ models: { best: 'x' } }, '/models/best'],
  [{ budget: { micro_usd: 5 } }, '/budget/micro_usd'],
  [{ budget: { micro_usd: 5 }, prices: {} }, '/budget/micro_usd'],
  [{ approval: { above_micro_usd: 5 } }, '/approval/above_micro_usd'],
  [{ approval: { seconds: 601 } }, '/approval/seconds'],
  [{ approval: { above: 1 } }, '/approval/above'],
  [{ budget: { spawns: null } }, '/budget/spawns'],
  [{ completionsForToolFree: 'yes' }, '/completionsForToolFree'],
  [{ notify: 'always' }, '/notify'],
  [{ door: {} }, '/door/session'],
  [{ door: { session: 'agent:main:main' } }, '/door/session'],
  [{ door: { session: 'agent:main:subagent:x' } }, '/door/session'],
  [{ door: { session: 'Door' } }, '/door/session'],
  [{ door: { session: 'agent:main:door', maxLive: 0 } }, '/door/maxLive'],
  [{ door: { session: 'agent:main:door', open: true } }, '/door/open'],
  [{ door: { session: 'agent:main:door' }, retentionDays: 0 }, '/door'],
  [{ door: { session: 'agent:main:door' }, approval: { always: true } }, '/door/withoutApproval'],
  [{ cluster: {} }, '/cluster/url'],
  [{ cluster: { url: 'localhost' } }, '/cluster/url'],
  [{ cluster: { url: 'ftp://a' } }, '/cluster/url'],
  [{ cluster: { url: 'http://a:b@c' } }, '/cluster/url'],
  [{ cluster: { url: 'http://a', aboveTasks: 201 } }, '/cluster/aboveTasks'],
  [{ cluster: { url: 'http://a', aboveTasks: 3 }, maxTasks: 2 }, '/cluster/aboveTasks'],
  [{ cluster: { url: 'http://a', maxTasks: 0 } }, '/cluster/maxTasks'],
  [{ cluster: { url: 'http://a', tokenEnv: 'NO_SUCH_VARIABLE' } }, '/cluster/tokenEnv'],
  [{ cluster: { url: 'http://a' }, retentionDays: 0 }, '/cluster'],
  [{ colour: 'x'.repeat(9_000) }, '/colour'],
] as [unknown, string][]) {
  test(`the configuration ${JSON.stringify(wrong)} is refused at ${path}`, () => {
    const { problems } = readConfig(wrong);
    assert.deepEqual(
      problems.map((problem) => problem.path),
      [path],
    );
    assert.match(problems[0]!.message, /plugins\.entries\.parallel-agents\.config/);
    assert.match(problems[0]!.message, /got .+(need|there are) .+/, 'field, value, and what is allowed');
  });
}

test('a door needs the operator’s word where somebody would be asked', () => {
  const door = { session: 'agent:main:door', withoutApproval: true };
  assert.deepEqual(readConfig({ door, approval: { always: true } }).problems, []);
  assert.deepEqual(readConfig({ door: { session: 'agent:main:door' }, approval: {} }).problems, []);
});

test('the operator’s limits are facts of the host, and his models stand in for none', () => {
  const prices = { a: { input: 1, output: 2 } };
  const { config } = readConfig({ budget: { tokens: 100, micro_usd: 7, spawns: 5 }, models: { economy: 'a' }, prices });
  assert.deepEqual(limitsOf(config), {
    tokens: 100n,
    microUsd: 7n,
    spawns: 5,
    seconds: undefined,
    sessionTokens: undefined,
    prices: [{ model: 'a', input: 1n, output: 2n }],
    tasks: 200,
  });
  const { tasks, prices: none, ...caps } = limitsOf(readConfig({ maxTasks: 7 }).config) ?? {};
  assert.deepEqual([tasks, none, Object.values(caps).filter((cap) => cap !== undefined)], [7, [], []]);
  assert.deepEqual(withModels({ models: { economy: 'b' } }, config, ['models']), { models: { economy: 'b' } });
  assert.deepEqual(withModels({}, config, ['models']), { models: { economy: 'a' } });
  assert.deepEqual(withModels({ budget: null }, config, []), { budget: null }, 'nothing else of a request is touched');
});

test('a forecast is that of a run under the operator’s limits', () => {
  const prices = { a: { input: 1, output: 2 } };
  const { config } = readConfig({ budget: { tokens: 100, spawns: 5, session_tokens: 700 }, prices });
  const asked = { budget: { tokens: 50, spawns: null, session_tokens: 100, seconds: 7 }, prices: {} };
  const budget = { tokens: 50, spawns: 5, session_tokens: 700, seconds: 7 };
  assert.deepEqual(asForecast(asked, config), { budget, prices });
  assert.deepEqual(asForecast({ budget: null }, config).budget, config.budget);
  for (const wrong of ['all', 7, [1]]) assert.deepEqual(asForecast({ budget: wrong }, config).budget, wrong);
});

test('only what is on a list may be asked for, and no list allows all', () => {
  const { config } = readConfig({ allowedModels: ['a'], allowedAgents: [] });
  assert.equal(forbidden(config, { model: 'a' }), undefined);
  assert.equal(forbidden(config, {}), undefined);
  assert.match(forbidden(config, { model: 'b' })!, /model b .*allowed: a;.*allowedModels/);
  assert.match(forbidden(config, { agentId: 'x' })!, /agent x .*allowed: none;/);
  assert.equal(forbidden(readConfig({}).config, { model: 'b', agentId: 'x' }), undefined);
});

test('the tools have one name and one description everywhere', () => {
  const names = TOOLS.map(({ name }) => name);
  const manifest = JSON.parse(text('../dist/openclaw.plugin.json'));
  assert.deepEqual(manifest.contracts.tools, names);
  assert.deepEqual(manifest.configSchema, MANIFEST.configSchema);
  const [skill, guide] = [text('../../SKILL.md'), text('../USAGE-GUIDE.md')];
  for (const { name, description, behind } of TOOLS) {
    assert.match(name, /^parallel_agents_[a-z]+$/);
    // Agents read the skill, and the door is for programs.
    assert.equal(skill.includes(name), !behind.door, `SKILL.md and ${name}`);
    assert.ok(guide.includes(`**${name}**: ${description}`), `USAGE-GUIDE.md does not describe ${name}: ${description}`);
  }
  for (const [name] of skill.matchAll(/parallel_agents_[a-z_]+/g)) assert.ok(names.includes(name), `SKILL.md: ${name}`);
});

test('OpenClaw is told which tools may be called again, and that those who write code have them', () => {
  const { toolMetadata } = JSON.parse(text('../dist/openclaw.plugin.json'));
  const expected = TOOLS.map(({ name }) => [
    name,
    { ...(name === 'parallel_agents_catalogue' ? { replaySafe: true } : { sideEffecting: true }), profiles: ['coding'] },
  ]);
  assert.deepEqual(toolMetadata, Object.fromEntries(expected));
});

test('parameters are those of the component', () => {
  const functions = JSON.parse(text('../dist/functions.json')) as { name: string; parameters: string }[];
  for (const { name, behind, parameters } of TOOLS as any[]) {
    if (!behind.function) continue;
    const own = JSON.parse(functions.find((one) => one.name === behind.function)!.parameters);
    const { timeoutSeconds, max_chars, detail, ...rest } = parameters.properties;
    assert.ok(timeoutSeconds && max_chars && detail, name);
    assert.deepEqual(rest, own.properties, name);
    assert.deepEqual(parameters.required, own.required, name);
  }
});

for (const [line, wanted] of Object.entries({
  '': { kind: 'runs', given: { action: 'list' } },
  'status pa-1': { kind: 'runs', given: { action: 'status', run_id: 'pa-1', task_id: undefined } },
  'page pa-1 task-2 30': { kind: 'runs', given: { action: 'page', run_id: 'pa-1', task_id: 'task-2', offset: 30 } },
  ' review_team {"code": "a b"}': { kind: 'function', name: 'review_team', given: { code: 'a b' } },
  versions: { kind: 'function', name: 'versions', given: {} },
  'run a': { kind: 'saved', given: { action: 'run', name: 'a', values: {} } },
  "run a x=1  y='b c' z=\"d\\\"e f\" n:=[1,\"g h\"] empty=": {
    kind: 'saved',
    given: { action: 'run', name: 'a', values: { x: '1', y: 'b c', z: 'd"e f', n: [1, 'g h'], empty: '' } },
  },
  'save a {"function": "versions"}': { kind: 'saved', given: { function: 'versions', action: 'save', name: 'a' } },
  'yes 0a1b2c3d': { kind: 'yes', code: '0a1b2c3d' },
})) {
  test(`the line "${line}" is understood`, () => assert.deepEqual(read(line), wanted));
}

for (const given of ['please', '7', 'null', '"{}"', '[]', 'true']) {
  test(`a line with ${given} for an object is refused with help`, () => {
    const line = read(`run_tasks ${given}`);
    assert.ok(line.kind === 'wrong' && line.problem.hint?.includes('/parallel_agents help'), line.kind);
    assert.match(line.problem.message, /no JSON object/);
  });
}

test('a wrong value is shown with what is allowed, and a long one is cut', () => {
  const message = (wrong: unknown) => readConfig(wrong).problems[0]!.message.split(': ').slice(1).join(': ');
  assert.equal(message({ notify: 'always' }), 'got "always", need one of off, next_turn, wake');
  assert.equal(message({ prices: { a: { input: 1 } } }), 'got nothing, need a whole number from 0 to 1000000000000');
  assert.match(message({ budget: { micro_usd: 5 } }), /^got 5 without prices, need prices of every model/);
  assert.ok(message({ colour: 'x'.repeat(9_000) }).length < 330);
});
