import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Store } from '../src/store.ts';
import { TOOLS, createTool } from '../src/tool.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { TASK, directory, until, use } from './use.ts';

test('what the operator changes counts from the next call on', async () => {
  const openclaw = new FakeOpenClaw();
  let entry: unknown;
  const getRuntimeConfig = () => ({ plugins: { entries: { 'parallel-agents': entry } } });
  const run = () => use(openclaw, 'run', { tasks: [TASK] }, { config: { budget: 7 }, context: { getRuntimeConfig } });
  assert.equal((await run()).errors[0].code, 'E_CONFIG', 'without an entry, that of the load counts');
  entry = { enabled: true };
  assert.equal((await run()).state, 'done');
  entry = { config: { maxConcurrent: 0 } };
  assert.match((await run()).errors[0].message, /^plugins\.entries\.parallel-agents\.config\.maxConcurrent/);
});

test('a run outlasts its call, is found again, and only by its own session', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const started = await use(openclaw, 'run', { tasks: [TASK], timeoutSeconds: 1 });
  assert.equal(started.state, 'running', JSON.stringify(started));
  await until(() => openclaw.live().length === 1);
  const ask = { action: 'status', run_id: started.run_id };
  const foreign = await use(openclaw, 'runs', ask, { context: { sessionKey: 'agent:main:other' } });
  assert.equal(foreign.errors[0].code, 'E_RUN_UNKNOWN');
  const listed = await use(openclaw, 'runs', { action: 'list' });
  assert.ok(listed.runs.some((run: any) => run.run_id === started.run_id && run.state === 'running'));
  const looked = await use(openclaw, 'runs', { ...ask, timeoutSeconds: 1 });
  assert.deepEqual([looked.state, looked.progress], ['running', { ended: 0, running: 1, total: 1 }]);
  openclaw.answer = 'late';
  openclaw.end(openclaw.sessions[0]!);
  const ended = await use(openclaw, 'runs', ask);
  assert.equal(ended.result.results[0].output, 'late');
  const page = await use(openclaw, 'runs', { action: 'page', run_id: started.run_id, task_id: 'task-1', offset: 1 });
  assert.equal(page.result.text, 'ate');
  const story = await use(openclaw, 'call', { command: `explain ${started.run_id} task-1` });
  assert.match(story.result.story, /completed/);
});

for (const [what, stop] of Object.entries({
  'the turn is stopped': async (openclaw: FakeOpenClaw) => {
    const turn = new AbortController();
    const reply = use(openclaw, 'run', { tasks: [TASK, TASK] }, {}, turn.signal);
    await until(() => openclaw.live().length === 2);
    turn.abort();
    return reply;
  },
  'the turn is stopped after the call has returned': async (openclaw: FakeOpenClaw) => {
    const { run_id } = await use(openclaw, 'run', { tasks: [TASK, TASK], timeoutSeconds: 1 });
    openclaw.tell({ stream: 'lifecycle', runId: 'turn', data: { phase: 'end', aborted: false } });
    openclaw.tell({ stream: 'lifecycle', runId: 'turn', data: { phase: 'end', aborted: true } });
    return use(openclaw, 'runs', { action: 'status', run_id });
  },
  'it is cancelled later': async (openclaw: FakeOpenClaw) => {
    const { run_id } = await use(openclaw, 'run', { tasks: [TASK, TASK], timeoutSeconds: 1 });
    return use(openclaw, 'runs', { action: 'cancel', run_id });
  },
})) {
  test(`a run and its sessions end when ${what}`, async () => {
    const openclaw = new FakeOpenClaw();
    openclaw.answer = undefined;
    const reply = await stop(openclaw);
    assert.equal(reply.result.status, 'cancelled', JSON.stringify(reply));
    assert.deepEqual(openclaw.live(), []);
  });
}

test('a run that was cut off goes on, and what had ended is not spawned again', async () => {
  const state = directory();
  const openclaw = new FakeOpenClaw();
  const tasks = { tasks: [TASK, TASK], max_concurrent: 1, timeoutSeconds: 1 };
  openclaw.spoil = (call) => {
    if (call === 'sessions_spawn' && openclaw.sessions.length === 1) openclaw.answer = undefined;
    return undefined;
  };
  const { run_id } = await use(openclaw, 'run', tasks, { state });
  await until(() => openclaw.sessions.length === 2 && openclaw.live().length === 1);
  // Until the second session is in the journal.
  await use(openclaw, 'runs', { action: 'status', run_id, timeoutSeconds: 1 }, { state });
  // As after a crash: the files of a run that no process has, the last line half written.
  const runs = join(state, 'parallel-agents/runs');
  const id = 'pa-0123456789ab';
  for (const kind of ['json', 'journal', 'sessions'])
    copyFileSync(join(runs, `${run_id}.${kind}`), join(runs, `${id}.${kind}`));
  const record = JSON.parse(readFileSync(join(runs, `${id}.json`), 'utf8'));
  writeFileSync(join(runs, `${id}.json`), JSON.stringify({ ...record, run_id: id }));
  writeFileSync(join(runs, `${id}.journal`), readFileSync(join(runs, `${id}.journal`), 'utf8') + '0123 {"st');
  assert.equal((await use(openclaw, 'runs', { action: 'status', run_id: id }, { state })).state, 'interrupted');
  openclaw.answer = 'after all';
  openclaw.end(openclaw.sessions[1]!);
  const reply = await use(openclaw, 'runs', { action: 'resume', run_id: id }, { state });
  assert.deepEqual(
    reply.result?.results.map((result: any) => result.status),
    ['completed', 'completed'],
    JSON.stringify(reply),
  );
  assert.equal(openclaw.sessions.length, 2);
});

test('a run that broke is told to have broken, whoever asks', async () => {
  const state = directory();
  const id = 'pa-0123456789ac';
  const record = { run_id: id, function: 'run_tasks', owner: 'agent:main:main', started: new Date().toISOString() };
  const broken = { code: 'E_GUEST_TRAP', message: 'the component broke off' };
  new Store(state).place(id);
  new Store(state).begin({ ...record, state: 'running' });
  new Store(state).end({ ...record, state: 'broken', broken }, undefined);
  const openclaw = new FakeOpenClaw();
  const { runs } = await use(openclaw, 'runs', { action: 'list' }, { state });
  assert.equal(runs.find((run: any) => run.run_id === id).state, 'broken');
  for (const action of ['status', 'page', 'report', 'cancel']) {
    const reply = await use(openclaw, 'runs', { action, run_id: id }, { state });
    assert.deepEqual([reply.ok, reply.state, reply.errors[0].code], [false, 'broken', 'E_GUEST_TRAP'], action);
    assert.match(reply.hint, /"action":"resume"/);
  }
});

test('what spawns nothing needs no session tools', async () => {
  const openclaw = new FakeOpenClaw();
  const bare = { tools: false };
  const agent = { name: 'poet', purpose: 'Writes poems.' };
  const team = { team: 'review', code: 'fn main() {}' };
  const { result } = await use(openclaw, 'team', { ...team, run: false }, bare);
  assert.equal(result.tasks.length, 5);
  for (const given of [agent, { ...agent, run: false }]) {
    const reply = await use(openclaw, 'call', { function: 'custom_agent', arguments: given }, bare);
    assert.equal(reply.state, 'done', JSON.stringify(reply));
  }
  const spawning: [string, object][] = [
    ['team', team],
    ['call', { function: 'custom_agent', arguments: { ...agent, run: true } }],
    ['call', { function: 'collect_results', arguments: { sessions: ['agent:main:subagent:0'] } }],
  ];
  for (const [name, given] of spawning)
    assert.equal((await use(openclaw, name, given, bare)).errors[0].code, 'E_HOST_UNSUPPORTED', JSON.stringify(given));
});

test('what users meet is told with its remedy', async () => {
  const openclaw = new FakeOpenClaw();
  const run = { tasks: [TASK] };
  const outside = await use(openclaw, 'run', run, { context: { sessionKey: undefined } });
  assert.equal(outside.errors[0].code, 'E_NO_SESSION');
  assert.match(outside.errors[0].hint, /call it from an agent’s turn/);
  const bare = await use(openclaw, 'run', run, { tools: false });
  assert.equal(bare.errors[0].code, 'E_HOST_UNSUPPORTED');
  assert.match(bare.errors[0].message, /no session tools/);
  assert.match(bare.errors[0].hint, /tools\.deny.*tools\.swarm.*tools\.alsoAllow/);
  assert.equal((await use(openclaw, 'catalogue', {}, { tools: false })).state, 'done', 'reading needs no sessions');
  const wrong = await use(openclaw, 'run', run, { config: { maxConcurrent: 0, colour: 1, allowedModels: [''] } });
  assert.deepEqual(
    wrong.errors.map((error: any) => [error.code, error.path]),
    [
      ['E_CONFIG', '/maxConcurrent'],
      ['E_CONFIG', '/colour'],
      ['E_CONFIG', '/allowedModels/0'],
    ],
  );
  const config = { allowedModels: ['sim/standard'] };
  const model = await use(openclaw, 'run', { tasks: [{ ...TASK, model: 'sim/premium' }] }, { config });
  assert.match(model.result.results[0].error.message, /allowed: sim\/standard; the operator sets .*\.allowedModels/);
  const agent = { tasks: [{ ...TASK, agent_id: 'ops' }] };
  const foreign = await use(openclaw, 'run', agent, { config: { allowedAgents: [] } });
  assert.match(foreign.result.results[0].error.message, /allowed: none; the operator sets .*\.allowedAgents/);
});

for (const [status, words, code, remedy] of [
  ['forbidden', 'sessions_spawn reached tools.swarm.maxTotalPerGroup (9/9).', 'E_HOST_TOTAL_CAP', /raise tools\.swarm\.maxTotalPerGroup/],
  ['forbidden', 'agentId is not allowed for sessions_spawn (allowed: main)', 'E_SPAWN_FORBIDDEN', /agents\.defaults\.subagents\.allowAgents/],
  ['error', 'sessions_spawn model "nosuch/zzz" is not usable: Unknown model: nosuch/zzz', 'E_SPAWN_REJECTED', /name a model that the gateway/],
  ['error', 'gateway is draining for restart', 'E_GATEWAY_UNAVAILABLE', /start it with: openclaw gateway run/],
] as const) {
  test(`“${words}” is told with its remedy`, async () => {
    const openclaw = new FakeOpenClaw();
    openclaw.spoil = (call) => (call === 'sessions_spawn' ? { details: { status, error: words } } : undefined);
    const { result } = await use(openclaw, 'run', { tasks: [TASK], retries: 0 });
    assert.equal(result.results[0].error.code, code, JSON.stringify(result.results[0].error));
    assert.ok(result.results[0].error.message.includes(words));
    assert.match(result.results[0].error.message, remedy);
  });
}

test('the operator’s budget and width are never exceeded', async () => {
  const openclaw = new FakeOpenClaw();
  const config = { maxConcurrent: 1, budget: { spawns: 2 } };
  const asked = { detail: true, tasks: [TASK, TASK, TASK], max_concurrent: 3, budget: { spawns: 100 } };
  const reply = await use(openclaw, 'run', asked, { config });
  assert.equal(reply.result.budget.spawns.cap, 2, JSON.stringify(reply.result.budget));
  assert.equal(openclaw.sessions.length, 2);
});

test('through tool_call, which shows text and details, nothing stands twice', async () => {
  const described = TOOLS.find(({ name }) => name === 'parallel_agents_catalogue')!;
  const openclaw = new FakeOpenClaw();
  const tool = createTool(described, {
    api: openclaw.api({ retentionDays: 0 }),
    context: openclaw.context,
    outside: (work) => work(),
    runOf: () => undefined,
    loadTools: async () => undefined,
    notices: () => undefined,
  });
  const reply = await tool.execute('tool_search_code:call_1:parallel_agents_catalogue:1', {});
  assert.ok(reply.content[0]!.text.length < 20);
  assert.equal((reply.details as any).result.agents.length, 25);
});

for (const team of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', '', 'Content', 7, null, ['content'], { a: 1 }]) {
  test(`the team ${JSON.stringify(team)} is refused with the names of those that there are`, async () => {
    const given = { team, topic: 'x', platform: 'y' };
    const reply = await use(new FakeOpenClaw(), 'team', given);
    assert.deepEqual([reply.state, reply.errors[0].code, reply.errors[0].path], ['refused', 'E_TEAM', '/team']);
    assert.match(reply.errors[0].message, /content, development, review/);
  });
}

for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '']) {
  test(`the name ${JSON.stringify(name)} means nothing, wherever it stands`, async () => {
    const openclaw = new FakeOpenClaw();
    const codes = [];
    for (const [tool, parameters] of [
      ['runs', { action: name, run_id: 'pa-0123456789ab' }],
      ['runs', { action: 'status', run_id: name }],
      ['call', { function: name, arguments: {} }],
      ['call', { command: `${name || 'x'} {}` }],
      ['catalogue', { agent_type: name }],
      ['run', { tasks: [{ ...TASK, agent_type: name }] }],
    ] as [string, object][])
      codes.push((await use(openclaw, tool, parameters)).errors[0].code);
    assert.ok(codes.every((code) => code !== 'E_HOST' && !code.startsWith('E_GUEST')), codes.join());
    const config = JSON.parse(`{${JSON.stringify(name)}: 1}`);
    const reply = await use(openclaw, 'run', { tasks: [TASK] }, { config });
    assert.equal(reply.errors?.[0].code, 'E_CONFIG', 'a configuration with it is wrong');
  });
}

test('the id of a model’s own call may have a colon', async () => {
  // `use` compares the text with the details.
  const reply = await use(new FakeOpenClaw(), 'catalogue', {}, { callId: 'functions.parallel_agents_catalogue:0' });
  assert.equal(reply.result.agents.length, 25);
});
