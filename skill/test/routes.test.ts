import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Broken, call } from '../src/call.ts';
import { type Completion, Completions } from '../src/completion.ts';
import { readConfig } from '../src/config.ts';
import { Gateway } from '../src/gateway.ts';
import { choose } from '../src/routes.ts';
import { Subagents } from '../src/subagent.ts';
import { PAUSE_MS } from '../src/timeouts.ts';
import { sessionEnd } from '../src/transcript.ts';
import { options, settled } from './commands.ts';
import { FakeOpenClaw } from './openclaw.ts';

const OPTIONS = options();
const NEVER = new AbortController().signal;

/** Sub-agents whose runs end as `said`. */
function subagents(said: object) {
  const openclaw = new FakeOpenClaw();
  const asked: any[] = [];
  openclaw.runtime.subagent = {
    ...openclaw.runtime.subagent,
    run: async (request: any) => {
      asked.push(request);
      return { runId: 'run-0', sessionKey: request.sessionKey, runtime: { provider: 'sim', model: 'standard' } };
    },
    waitForRun: async () => said,
    deleteSession: async () => ({}),
  };
  return { asked, openclaw, route: new Subagents(openclaw.around()) };
}

test('a sub-agent without tools is a lean one in the lane of sub-agents', async () => {
  const { asked, route } = subagents({ status: 'ok', terminalReply: { text: 'hello' } });
  const receipt = await route.spawn(OPTIONS);
  assert.deepEqual([receipt.appliedModel, receipt.toolFree], ['sim/standard', true]);
  assert.match(receipt.sessionKey, /^agent:main:subagent:parallel-agents-/);
  const { lane, disableTools, lightContext, deliver } = asked[0];
  assert.deepEqual({ lane, disableTools, lightContext, deliver }, {
    lane: 'subagent',
    disableTools: true,
    lightContext: true,
    deliver: false,
  });
  assert.deepEqual((await route.list({ search: 'a label', offset: 0, limit: 9 })).sessions.length, 1);
  assert.equal((await route.ends(['run-0'], NEVER))[0]?.['status'], 'done');
});

for (const [said, status] of [
  [{ status: 'ok', terminalReply: { disposition: 'empty' } }, 'done'],
  [{ status: 'error', error: 'HTTP 500' }, 'failed'],
  [{ status: 'error', stopReason: 'aborted' }, 'killed'],
] as [object, string][]) {
  test(`a sub-agent of which is said ${JSON.stringify(said)} is ${status}`, async () => {
    const { route } = subagents(said);
    await route.spawn(OPTIONS);
    assert.equal((await route.ends(['run-0'], NEVER))[0]?.['status'], status);
  });
}

test('a gateway that says at once that a sub-agent goes on is left its time', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { openclaw, route } = subagents({});
  let looks = 0;
  openclaw.runtime.subagent.waitForRun = async () => (looks++, { status: 'timeout' });
  openclaw.spoil = (call) => (call === 'resolve' ? { id: 'run-0', status: 'running' } : undefined);
  const host = openclaw.host(route);
  await host.next(undefined);
  host.perform({ kind: 'spawn', request: 1n, options: OPTIONS });
  assert.equal((await host.next(undefined)).what.tag, 'answered');
  for (let turns = 0; turns < 20; turns++) await settled();
  assert.equal(looks, 1, 'nobody looks again before a pause is over');
  context.mock.timers.tick(PAUSE_MS);
  await settled();
  assert.equal(looks, 2);
  context.mock.timers.reset();
  openclaw.spoil = (call) => (call === 'cancel' ? { cancelled: true } : undefined);
  await host.close();
  const before = looks;
  await settled();
  assert.equal(looks, before, 'nobody looks when the host is closed');
});

test('a whole run goes through sub-agents', async () => {
  const { openclaw, route } = subagents({ status: 'ok', terminalReply: { text: 'hello' } });
  openclaw.spoil = (call) =>
    call === 'messages' ? { messages: [{ role: 'assistant', content: 'a long hello' }] } : undefined;
  const host = openclaw.host(route);
  const task = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };
  const worker = new URL('../dist/worker.js', import.meta.url);
  const request = { function: 'run_tasks', arguments: JSON.stringify({ tasks: [task] }) };
  const reply = await call(worker, request, host, () => {});
  assert.equal(JSON.parse(reply.val).results[0].output, 'a long hello', reply.val);
  await host.close();
});

for (const [without, taken] of [
  ['agents_wait', Subagents],
  ['sessions_spawn', undefined],
  ['nothing', Gateway],
] as const) {
  test(`a session without ${without} gets ${taken?.name ?? 'none'}`, async () => {
    const { openclaw } = subagents({});
    const { problem, sessions } = await choose({
      api: openclaw.api(),
      context: openclaw.context,
      outside: (work: () => any) => work(),
      config: readConfig({}).config,
      loadTools: async () => () => openclaw.tools().filter(({ name }) => name !== without),
    } as any);
    if (taken) assert.ok(sessions instanceof taken);
    else assert.equal(problem?.code, 'E_HOST_UNSUPPORTED');
  });
}

/** A completion that gives `answer`. */
function completions(answer: unknown) {
  const openclaw = new FakeOpenClaw();
  openclaw.runtime.llm = {
    complete: async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const others = new Gateway(openclaw.around(), () => openclaw.tools());
  return { openclaw, route: new Completions(openclaw.around(), others) };
}

for (const [answer, status] of [
  [{ text: 'hello', stopReason: 'stop', provider: 'sim', model: 'premium' }, 'done'],
  [{ text: '', stopReason: 'stop' }, 'done'],
  [{ text: '', stopReason: 'error' }, 'failed'],
  [{ text: '', stopReason: 'aborted' }, 'failed'],
  [{}, 'failed'],
  [undefined, 'failed'],
  [new Error('not trusted for model override'), 'failed'],
] as [unknown, string][]) {
  test(`a completion that gives ${JSON.stringify(answer)} is ${status}`, async () => {
    const { route, openclaw } = completions(answer);
    const receipt = await route.spawn(OPTIONS);
    assert.match(receipt.sessionKey, /^completion:/);
    assert.ok(receipt.toolFree);
    const [end] = await route.ends([receipt.runId], NEVER);
    assert.equal(end?.['status'], status);
    if (status === 'failed') assert.ok(end?.['error']);
    assert.deepEqual(openclaw.sessions, []);
  });
}

test('a completion can be stopped, and an agent with tools gets a session', async () => {
  const { route, openclaw } = completions(undefined);
  openclaw.runtime.llm = { complete: () => new Promise(() => {}) };
  const { runId } = await route.spawn(OPTIONS);
  const end = route.ends([runId], NEVER);
  await route.cancel(runId);
  assert.equal((await end)[0]?.['status'], 'killed');
  await route.spawn({ ...OPTIONS, toolFree: false });
  assert.equal(openclaw.sessions.length, 1);
});

test('a completion is listened to once, however often and for however many its end is waited for', async () => {
  const { openclaw } = completions(undefined);
  const answers: ((answer: object) => void)[] = [];
  openclaw.runtime.llm = { complete: () => new Promise((resolve) => answers.push(resolve)) };
  const made = new Map<string, Completion>();
  const route = new Completions(openclaw.around(), new Gateway(openclaw.around(), () => openclaw.tools()), made);
  const { runId: first } = await route.spawn(OPTIONS);
  const { runId: second } = await route.spawn(OPTIONS);
  const ends = [...made.values()].map(({ end }) => end);
  const listened = ends.map((end) => mock.method(end, 'then').mock);
  const waits = Array.from({ length: 10 }, () => route.ends([first, second], NEVER));
  const last = route.ends([second], NEVER);
  answers[0]?.({ text: 'hello', stopReason: 'stop' });
  for (const told of await Promise.all(waits)) assert.deepEqual(told.map(({ runId }) => runId), [first]);
  answers[1]?.({ text: 'hello', stopReason: 'stop' });
  assert.deepEqual((await last).map(({ runId }) => runId), [second]);
  assert.deepEqual(listened.map((then) => then.callCount()), [1, 1]);
});

test('a run of completions makes no tools, and the first agent with tools gets a session by them', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.generous();
  let made = 0;
  const { sessions, problem } = await choose({
    api: openclaw.api(),
    context: openclaw.context,
    outside: (work: () => any) => work(),
    config: { ...readConfig({}).config, completionsForToolFree: true },
    loadTools: async () => () => {
      made += 1;
      return openclaw.tools();
    },
  } as any);
  assert.equal(problem, undefined);
  const begun: string[] = [];
  const stop = sessions.onStart((session) => begun.push(session));
  const { runId } = await sessions.spawn(OPTIONS);
  assert.equal((await sessions.ends([runId], NEVER))[0]?.['status'], 'done');
  assert.equal(made, 0);
  const receipt = await sessions.spawn({ ...OPTIONS, toolFree: false });
  assert.ok(made > 0);
  assert.equal((await sessions.ends([receipt.runId], NEVER))[0]?.['status'], 'done');
  assert.ok(begun.includes(receipt.sessionKey), begun.join());
  stop();
});

test('without session tools agents without tools are completions, and others are refused', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.runtime.llm = { complete: async () => ({ text: 'hello', stopReason: 'stop' }) };
  const { sessions } = await choose({
    api: openclaw.api(),
    context: openclaw.context,
    outside: (work: () => any) => work(),
    config: { ...readConfig({}).config, completionsForToolFree: true },
    loadTools: async () => () => openclaw.tools().filter(({ name }) => name !== 'sessions_spawn'),
  } as any);
  assert.match((await sessions.spawn(OPTIONS)).sessionKey, /^completion:/);
  const refused = sessions.spawn({ ...OPTIONS, toolFree: false });
  await assert.rejects(refused, (error: any) => error.tag === 'unsupported' && /sessions_spawn.*tools\.deny/.test(error.message));
});

test('a completion that fails without a word may be tried again, and says how to learn more', async () => {
  const { route } = completions({ text: '', stopReason: 'error' });
  const receipt = await route.spawn(OPTIONS);
  const [said] = await route.ends([receipt.runId], NEVER);
  const { outcome } = sessionEnd(receipt.sessionKey, said ?? {}, []);
  assert.ok(outcome.tag === 'failed' && outcome.val.kind === 'infrastructure', JSON.stringify(outcome));
  assert.match(outcome.val.message, /completionsForToolFree/);
});

test('a wish how much to think is met or refused, and never lost', async () => {
  const wish = { ...OPTIONS, thinking: 'high' };
  const { route, openclaw } = completions({ text: 'hello', stopReason: 'stop' });
  assert.doesNotMatch((await route.spawn(wish)).sessionKey, /^completion:/);
  assert.equal(openclaw.sessions.length, 1);
  const { route: lean, asked } = subagents({ status: 'ok' });
  await assert.rejects(lean.spawn(wish), (error: any) => error.tag === 'unsupported' && /thinking/.test(error.message));
  assert.deepEqual(asked, []);
});

test('a component that is not the one of the build is refused', async () => {
  const place = mkdtempSync(join(tmpdir(), 'parallel-agents-test-'));
  try {
    cpSync(new URL('../dist', import.meta.url), place, { recursive: true });
    for (const file of ['parallel_agents.core.wasm', 'parallel_agents.js']) writeFileSync(join(place, 'component', file), 'another one');
    const { load } = await import(pathToFileURL(join(place, 'pinned.js')).href);
    await assert.rejects(load('parallel_agents.core.wasm'), /SHA-256/);
    const host = new FakeOpenClaw().host();
    const worker = pathToFileURL(join(place, 'worker.js'));
    const asked = call(worker, { function: 'versions', arguments: '{}' }, host, () => {});
    await assert.rejects(asked, (error: Error) => error instanceof Broken && /SHA-256/.test(error.message));
    await host.close();
  } finally {
    rmSync(place, { recursive: true });
  }
});
