/** Nothing runs that somebody has to agree to and has not. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { beforeCall } from '../src/before_call.ts';
import type { BeforeToolCall } from '../src/openclaw.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { TASK, directory, say, until, use } from './use.ts';

const ASKING = { approval: { above_sessions: 0 } };
const OWNER = 'agent:main:main';
const PRICES = { '*': { input: 1_000, output: 2_000 } };
let calls = 0;

/** What OpenClaw does before a call in a turn. */
function before(openclaw: FakeOpenClaw, tool: string, params: object, config: Record<string, unknown>, toolCallId: string): Promise<BeforeToolCall | undefined> {
  return beforeCall(openclaw.api(config), { toolName: `parallel_agents_${tool}`, params, toolCallId, runId: 'turn' }, { agentId: 'main', sessionKey: OWNER });
}

/** A call as OpenClaw makes it: the question, the answer, and then the tool, unless the answer is another one than yes. */
async function called(tool: string, params: object, config: Record<string, unknown>, answer: string) {
  const openclaw = new FakeOpenClaw();
  const callId = `call-${(calls += 1)}-of-approval`;
  const question = (await before(openclaw, tool, params, config, callId))?.requireApproval;
  question?.onResolution(answer);
  const reply = await use(openclaw, tool, params, { config, callId });
  return { openclaw, callId, question, reply };
}

const SPAWNING: [string, object][] = [
  ['run', { tasks: [TASK, TASK] }],
  ['team', { team: 'review', code: 'x' }],
  ['refine', { drafts: [{ name: 'one', draft: 'A text.', kind: 'text' }] }],
  ['create', { new_agents: [{ name: 'one_writer', purpose: 'To write one line.' }] }],
  ['orchestrate', { goal: 'Write two lines.' }],
  ['call', { function: 'spawn_with_retry', arguments: { task: TASK } }],
  ['call', { function: 'spawn_parallel_with_retry', arguments: { tasks: [TASK] } }],
  ['call', { function: 'meta_workflow', arguments: { purposes: [{ name: 'one_writer', purpose: 'To write.' }], run: true } }],
  ['call', { function: 'content_team', arguments: { topic: 'x', platform: 'y', run: true } }],
];

for (const [tool, params] of SPAWNING) {
  test(`${tool} ${JSON.stringify(params).slice(0, 60)} runs after a yes and not otherwise`, async () => {
    const no = await called(tool, params, ASKING, 'deny');
    assert.ok(no.question, tool);
    assert.deepEqual([no.reply.state, no.reply.errors[0].code, no.openclaw.sessions.length], ['refused', 'E_APPROVAL', 0]);
    const { openclaw, question, reply } = await called(tool, { ...params, timeoutSeconds: 60 }, { ...ASKING, prices: PRICES }, 'allow-once');
    assert.ok(question!.description.length <= 512 && question!.title.length <= 80);
    assert.match(question!.description, /\d+ sessions expected, \d+ at the most\.\nCost: \$\d+\.\d{4} expected, \$\d+\.\d{4} at the most\.\nModels: .*\nAsked because it could need more than 0 sessions\.$/);
    assert.deepEqual(question!.allowedDecisions, ['allow-once', 'deny']);
    assert.equal(reply.state, 'done', JSON.stringify(reply));
    assert.ok(openclaw.sessions.length > 0);
  });
}

test('only a yes is a yes, and it is for one run', async () => {
  const params = { tasks: [TASK] };
  for (const answer of ['timeout', 'cancelled', 'allow-always']) {
    const { openclaw, reply } = await called('run', params, ASKING, answer);
    assert.deepEqual([reply.errors[0].code, reply.run_id, openclaw.sessions.length], ['E_APPROVAL', null, 0], answer);
    assert.ok(reply.errors[0].hint.length > 20);
  }
  const { openclaw, callId } = await called('run', params, ASKING, 'allow-once');
  const again = await use(openclaw, 'run', params, { config: ASKING, callId });
  assert.deepEqual([again.errors[0].code, openclaw.sessions.length], ['E_APPROVAL', 1]);
});

test('what spawns nothing is never asked about, nor what is refused anyway', async () => {
  const quiet: [string, object][] = [
    ['catalogue', {}],
    ['runs', { action: 'list' }],
    ['team', { team: 'review', code: 'x', run: false }],
    ['call', { function: 'forecast_run', arguments: { tasks: [TASK] } }],
    ['call', { function: 'versions' }],
    ['call', { command: 'help' }],
    ['saved', { action: 'list' }],
  ];
  for (const [tool, params] of quiet) {
    const { question, reply } = await called(tool, params, { approval: { always: true } }, 'deny');
    assert.equal(question, undefined, tool);
    assert.ok(reply.state === 'done' || reply.errors[0].code === 'E_NO_WORKSPACE', JSON.stringify(reply));
  }
  for (const tasks of [[], [TASK, TASK]]) {
    const { question, reply } = await called('run', { tasks }, { approval: { always: true }, maxTasks: 1 }, 'deny');
    assert.deepEqual([question, reply.errors[0].code], [undefined, 'E_TASK_COUNT']);
  }
});

test('without a wish of anybody nobody is asked', async () => {
  const { question, reply } = await called('run', { tasks: [TASK] }, {}, 'deny');
  assert.deepEqual([question, reply.state], [undefined, 'done']);
});

test('a request makes it stricter and never looser', async () => {
  const few = { above_sessions: 3 };
  const ask = async (approval: object | undefined, config: Record<string, unknown>) =>
    (await called('run', { tasks: [TASK, TASK], budget: { spawns: 8 }, ...(approval ? { approval } : {}) }, config, 'deny')).question !== undefined;
  assert.equal(await ask(undefined, { approval: { above_sessions: 8 } }), false);
  assert.equal(await ask(few, { approval: { above_sessions: 8 } }), true);
  assert.equal(await ask(few, {}), true);
  assert.equal(await ask({ always: true }, {}), true);
  for (const loose of [{ above_sessions: 1_000 }, { always: false }, {}]) assert.equal(await ask(loose, { approval: few }), true, JSON.stringify(loose));
});

test('what a run could cost is counted with the prices of the operator, and as far as the budget allows', async () => {
  const asked = async (config: Record<string, unknown>, more: object = {}) =>
    (await called('run', { tasks: [TASK], ...more }, config, 'deny')).question?.description ?? '';
  const config = { approval: { above_micro_usd: 20_000 }, prices: PRICES };
  assert.match(await asked(config), /Asked because it could cost more than \$0\.0200\./);
  assert.match(await asked(config, { prices: { '*': { input: 0, output: 0 } } }), /more than \$0\.0200/);
  assert.equal(await asked({ ...config, budget: { micro_usd: 20_000 } }), '');
  assert.equal(await asked(config, { budget: { micro_usd: 20_000 } }), '');
  assert.match(await asked({}, { approval: { above_micro_usd: 5 } }), /Cost: unknown.*\nModels: the gateway's own\.\nAsked because nobody knows/s);
});

test('a call that is changed after the question is not the one that was agreed to', async () => {
  const openclaw = new FakeOpenClaw();
  const question = await before(openclaw, 'run', { tasks: [TASK] }, ASKING, 'changed');
  question!.requireApproval.onResolution('allow-once');
  const reply = await use(openclaw, 'run', { tasks: [TASK, TASK] }, { config: ASKING, callId: 'changed' });
  assert.deepEqual([reply.errors[0].code, openclaw.sessions.length], ['E_APPROVAL', 0]);
});

test('a yes is for the session that asked, though a call of another one has the same id', async () => {
  const openclaw = new FakeOpenClaw();
  const params = { tasks: [TASK] };
  const question = await before(openclaw, 'run', params, ASKING, 'functions.run:0');
  question!.requireApproval.onResolution('allow-once');
  const setup = { config: ASKING, callId: 'functions.run:0' };
  const other = await use(openclaw, 'run', params, { ...setup, context: { sessionKey: 'agent:main:other' } });
  assert.deepEqual([other.errors[0].code, openclaw.sessions.length], ['E_APPROVAL', 0]);
  assert.equal((await use(openclaw, 'run', params, setup)).state, 'done');
});

test('how long a question waits is the operator’s, and the end of that is told', async () => {
  const { question } = await called('run', { tasks: [TASK] }, { approval: { always: true, seconds: 7 } }, 'timeout');
  assert.equal(question!.timeoutMs, 7_000);
  assert.match(question!.timeoutReason, /^E_APPROVAL_TIMEOUT: nobody agreed to this within 7 s, so nothing was run\./);
});

test('a slash command runs after a second line of the same person', async () => {
  const openclaw = new FakeOpenClaw();
  const line = async (command: string, callId: string, sessionKey = OWNER) => {
    const event = { toolName: 'parallel_agents_call', params: { command, commandName: 'parallel_agents' }, toolCallId: callId };
    assert.equal(await beforeCall(openclaw.api(ASKING), event, { agentId: 'main', sessionKey }), undefined, 'OpenClaw cannot ask here');
    return say(openclaw, command, { config: ASKING, callId, context: { sessionKey } });
  };
  const command = `run_tasks ${JSON.stringify({ tasks: [TASK, TASK] })}`;
  const asked = await line(command, 'cmd_1');
  assert.match(asked, /^- \*\*E_APPROVAL\*\*: run_tasks: 2 sessions expected, .* \(to run it, send \/parallel_agents yes [0-9a-f]{8} within ten minutes\)$/);
  const code = /yes ([0-9a-f]{8})/.exec(asked)![1]!;
  assert.equal(openclaw.sessions.length, 0);
  // A model has read the code, but its calls are made in a turn.
  await before(openclaw, 'call', { command: `yes ${code}` }, ASKING, 'cmd_of_a_model');
  const foreign = await use(openclaw, 'call', { command: `yes ${code}` }, { config: ASKING, callId: 'cmd_of_a_model' });
  assert.equal(foreign.errors[0].code, 'E_APPROVAL_UNKNOWN');
  assert.match(await line(`yes ${code}`, 'cmd_2', 'agent:main:other'), /E_APPROVAL_UNKNOWN/);
  assert.match(await line('yes 00000000', 'cmd_3'), /E_APPROVAL_UNKNOWN/);
  assert.equal(openclaw.sessions.length, 0);
  assert.match(await line(`yes ${code}`, 'cmd_4'), /\*\*completed\*\*, 2 of 2 tasks completed/);
  assert.match(await line(`yes ${code}`, 'cmd_5'), /E_APPROVAL_UNKNOWN/);
  assert.equal(openclaw.sessions.length, 2);
});

test('the yes is kept with the run, and nobody is asked when it goes on', async () => {
  const state = directory();
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const params = { tasks: [TASK, TASK], timeoutSeconds: 1 };
  const question = await before(openclaw, 'run', params, ASKING, 'kept');
  question!.requireApproval.onResolution('allow-once');
  const { run_id } = await use(openclaw, 'run', params, { config: ASKING, state, callId: 'kept' });
  await until(() => openclaw.live().length === 2);
  const file = join(state, 'parallel-agents/runs', `${run_id}.json`);
  const kept = () => JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(kept().approved.to, question!.requireApproval.description);
  // As after a crash: a run that no process has.
  const old = run_id.replace(/.$/, (last: string) => (last === '0' ? '1' : '0'));
  for (const name of readdirSync(join(state, 'parallel-agents/runs')).filter((name) => name.startsWith(run_id))) {
    const text = readFileSync(join(state, 'parallel-agents/runs', name), 'utf8');
    writeFileSync(join(state, 'parallel-agents/runs', name.replace(run_id, old)), text.replaceAll(run_id, old));
  }
  openclaw.answer = 'an answer';
  openclaw.sessions.forEach((session) => openclaw.end(session));
  assert.equal(await before(openclaw, 'runs', { action: 'resume', run_id: old }, ASKING, 'resumed'), undefined);
  const resumed = await use(openclaw, 'runs', { action: 'resume', run_id: old }, { config: ASKING, state, callId: 'resumed' });
  assert.equal(resumed.result.status, 'completed', JSON.stringify(resumed));
  const approved = JSON.parse(readFileSync(join(state, 'parallel-agents/runs', `${old}.json`), 'utf8')).approved;
  assert.equal(approved.to, question!.requireApproval.description);
});

test('a run about which nobody was asked takes no more than what needs no yes, however often it is turned away', async () => {
  const kept = async (config: object) => {
    const state = directory();
    const reply = await use(new FakeOpenClaw(), 'run', { tasks: [TASK] }, { config: { prices: PRICES, ...config }, state });
    const journal = readFileSync(join(state, 'parallel-agents', 'runs', `${reply.run_id}.journal`), 'utf8');
    const [opened] = journal.split('\n').filter((line) => line.includes('"Opened"'));
    const { spawns, micro_usd } = JSON.parse(opened!.slice(opened!.indexOf(' ') + 1)).step.event.what.Opened.limits;
    return [spawns, micro_usd];
  };
  const approval = { above_sessions: 20, above_micro_usd: 90_000_000 };
  assert.deepEqual(await kept({ approval }), [20, 90_000_000]);
  assert.deepEqual(await kept({ approval, budget: { spawns: 9 } }), [9, 90_000_000]);
  assert.deepEqual(await kept({}), [null, null]);
});
