/** Runs that a cluster carries out, from the call of a tool to the notice of their end. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { announceKept } from '../src/announce.ts';
import { NOT_CONNECTED } from '../src/cluster.ts';
import { followKept } from '../src/hand_over.ts';
import { runs } from '../src/runs.ts';
import { Store } from '../src/store.ts';
import { FakeIngress, report, standing } from './ingress.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { telling } from './telling.ts';
import { TASK, directory, until, use } from './use.ts';

const OWNER = 'agent:main:main';

const ingresses: FakeIngress[] = [];
after(() => ingresses.forEach((ingress) => ingress.stop()));

/** A cluster for requests with more than one task, and a place for what is kept. */
async function cluster(more: object = {}) {
  const ingress = new FakeIngress();
  ingresses.push(ingress);
  const url = await ingress.start();
  const state = directory();
  return { ingress, url, state, config: { cluster: { url, aboveTasks: 1, ...more } } as Record<string, unknown> };
}

const wide = { tasks: [TASK, TASK], timeoutSeconds: 5 };

/** A run in the cluster whose call has returned. */
async function left(openclaw: FakeOpenClaw, setup: { config: object; state: string; notices?: any }) {
  const reply = await use(openclaw, 'run', { ...wide, timeoutSeconds: 1 }, setup as any);
  assert.equal(reply.state, 'running', JSON.stringify(reply));
  return { reply, run_id: reply.run_id as string };
}

test('a request with more tasks than the width is handed over, with the limits of the operator, and its end comes back', async () => {
  const { ingress, config, state } = await cluster({ maxTasks: 500 });
  const openclaw = new FakeOpenClaw();
  const limits = { budget: { tokens: 9_000, spawns: 7 }, prices: { '*': { input: 1, output: 2 } }, allowedModels: ['a'], models: { economy: 'a' } };
  const call = use(openclaw, 'run', wide, { config: { ...config, ...limits }, state });
  await until(() => ingress.run !== undefined);
  const { key, request, ...asked } = ingress.run!.request;
  assert.match(key, /^pa-[0-9a-f]{12}$/);
  assert.deepEqual(request, { tasks: [TASK, TASK], models: { economy: 'a' } });
  assert.deepEqual(asked, {
    function: 'run_tasks',
    limits: { tokens: 9_000, spawns: 7, prices: { '*': { input: 1, output: 2 } }, tasks: 500 },
    allowed_models: ['a'],
  });
  ingress.run!.output = report(2);
  const reply = await call;
  assert.deepEqual([reply.state, reply.run_id, reply.result.results.length], ['done', key, 2]);
  assert.deepEqual(openclaw.sessions, [], 'this gateway has no session for it');
  const record = new Store(state).record(key);
  assert.deepEqual([record?.state, record?.notice, record?.counts?.['completed']], ['done', 'given', 2]);
  assert.equal(new Store(state).asked(key), undefined, 'what the cluster has is not kept twice');
});

test('fewer tasks stay here, and without a cluster many are refused', async () => {
  const { ingress, config, state } = await cluster();
  const few = await use(new FakeOpenClaw(), 'run', { tasks: [TASK] }, { config, state });
  assert.equal(few.state, 'done');
  const many = await use(new FakeOpenClaw(), 'run', { tasks: [TASK, TASK] }, { config: { maxTasks: 1 }, state });
  assert.equal(many.errors[0].code, 'E_TASK_COUNT');
  const form = await use(new FakeOpenClaw(), 'run', { tasks: 'all' }, { config, state });
  assert.equal(form.state, 'refused');
  assert.deepEqual(ingress.asked, []);
  const { cluster: own, ...rest } = config;
  const { aboveTasks: _, ...all } = own as any;
  const usual = await use(new FakeOpenClaw(), 'run', { tasks: [TASK, TASK] }, { config: { ...rest, cluster: all }, state });
  assert.equal(usual.state, 'done', 'where no width is named it is maxTasks');
  assert.deepEqual(ingress.asked, []);
});

test('how far it is and what became of items is known while it goes on', async () => {
  const { ingress, config, state } = await cluster();
  const context = { workspaceDir: directory() };
  const openclaw = new FakeOpenClaw();
  const items = { steps: [{ ...TASK, task_description: 'Look at {{name}}.' }], items: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] };
  const call = use(openclaw, 'call', { function: 'map_tasks', arguments: items, timeoutSeconds: 5 }, { config, state, context });
  await until(() => ingress.run !== undefined);
  const run = ingress.run!;
  const line = (item: number) => JSON.stringify({ item, status: 'completed', output: `answer ${item}` });
  run.items = [line(2)];
  run.status = standing(2, 3);
  const { key } = run.request;
  await until(() => runs.get(key, OWNER)?.last !== undefined);
  assert.deepEqual([runs.get(key, OWNER)?.last?.ended, runs.get(key, OWNER)?.standing.bad], [2, 1]);
  const now = await use(openclaw, 'runs', { action: 'page', run_id: key, task_id: 'item-2' }, { config, state, context });
  assert.deepEqual([now.state, now.progress], ['running', { ended: 2, running: 1, total: 3 }]);
  assert.match(now.hint, /it goes on in the cluster/);
  run.items = [line(2), line(1), line(3)];
  run.output = { Answer: JSON.stringify({ status: 'completed', run: { status: 'completed', results: [], census: { tasks: 3, completed: 2, failed: 1 } } }) };
  assert.equal((await call).state, 'done');
  assert.deepEqual(new Store(state).record(key)?.counts, { completed: 2, failed: 1 });
  const file = join(context.workspaceDir, 'parallel-agents', `${key}.jsonl`);
  assert.deepEqual(readFileSync(file, 'utf8').trim().split('\n'), run.items);
  const page = await use(openclaw, 'runs', { action: 'page', run_id: key, task_id: 'item-3' }, { config, state, context });
  assert.equal(page.result.text, 'answer 3');
});

test('cancel has it stopped there, once', async () => {
  const { ingress, config, state } = await cluster();
  const openclaw = new FakeOpenClaw();
  const { run_id } = await left(openclaw, { config, state });
  const cancel = use(openclaw, 'runs', { action: 'cancel', run_id, timeoutSeconds: 5 }, { config, state });
  await until(() => ingress.run!.stops.length > 0);
  ingress.run!.output = report(0, 2);
  assert.equal((await cancel).state, 'done');
  assert.deepEqual(ingress.run!.stops, ['cancelled by the session that asked for it']);
});

test('a restart follows it again: it is started once, not interrupted, and its end is told once', async () => {
  const { ingress, config, state } = await cluster();
  const openclaw = new FakeOpenClaw();
  const { run_id } = await left(openclaw, { config, state });
  await runs.cutOff();
  assert.equal(new Store(state).record(run_id)?.state, 'running');
  const { api, notices, told } = telling(openclaw, config, state);
  followKept(api, (work) => work(), notices);
  announceKept(api, notices);
  assert.equal(told.length, 0, 'it is not cut off');
  const listed = await use(openclaw, 'runs', { action: 'list' }, { config, state, notices });
  assert.equal(listed.runs.find((one: any) => one.run_id === run_id)?.state, 'running');
  ingress.run!.output = report(2);
  await until(() => told.length > 0);
  assert.match(told[0].text, new RegExp(`^Run ${run_id} .* has ended: \\*\\*completed\\*\\*`));
  followKept(api, (work) => work(), notices);
  announceKept(api, notices);
  assert.deepEqual([told.length, ingress.count('/Runs/start')], [1, 1]);
});

test('a stop survives a restart too, and any call about a run has it followed again', async () => {
  const { ingress, config, state } = await cluster();
  const openclaw = new FakeOpenClaw();
  const { run_id } = await left(openclaw, { config, state });
  ingress.spoil = () => [503, { message: 'starting' }];
  const cancelled = await use(openclaw, 'runs', { action: 'cancel', run_id, timeoutSeconds: 2 }, { config, state });
  assert.match(cancelled.hint, /nothing new is known: the cluster at .* answers with HTTP 503: starting/);
  await runs.cutOff();
  ingress.spoil = () => undefined;
  const status = use(openclaw, 'runs', { action: 'status', run_id, timeoutSeconds: 5 }, { config, state });
  await until(() => ingress.run!.stops.length > 0);
  ingress.run!.output = report(0, 2);
  assert.equal((await status).state, 'done');
});

test('a run that stopped itself is told of after a restart, and one that its session stopped is not', async () => {
  for (const byItself of [true, false]) {
    const { ingress, config, state } = await cluster();
    const openclaw = new FakeOpenClaw();
    const { run_id } = await left(openclaw, { config, state });
    const record = new Store(state).record(run_id)!;
    if (byItself) new Store(state).note({ ...record, cluster: { ...record.cluster!, stop: 'there is no room for items' } });
    else runs.get(run_id, OWNER)!.stop('the turn was stopped');
    await runs.cutOff();
    const { api, notices, told } = telling(openclaw, config, state);
    followKept(api, (work) => work(), notices);
    await until(() => ingress.run!.stops.length > 0);
    ingress.run!.output = report(0, 2);
    await until(() => new Store(state).record(run_id)?.notice === 'given');
    assert.equal(told.length, byItself ? 1 : 0);
  }
});

test('the end of a run is told although the cluster takes no stop of it any more', async () => {
  const { ingress, config, state } = await cluster();
  const openclaw = new FakeOpenClaw();
  const { run_id } = await left(openclaw, { config, state });
  ingress.spoil = (path) => (path.endsWith('/control') ? [500, { message: 'it was told enough' }] : undefined);
  const cancelled = await use(openclaw, 'runs', { action: 'cancel', run_id, timeoutSeconds: 2 }, { config, state });
  assert.match(cancelled.hint, /it was told enough; it is asked again/);
  ingress.run!.output = report(2);
  assert.equal((await use(openclaw, 'runs', { action: 'status', run_id, timeoutSeconds: 10 }, { config, state })).state, 'done');
});

test('a start whose answer is lost is asked for again under the same name', async () => {
  const { ingress, config, state } = await cluster();
  ingress.spoil = (path) => (path === '/Runs/start' && ingress.count(path) === 1 ? 'lose' : undefined);
  const call = use(new FakeOpenClaw(), 'run', wide, { config, state });
  await until(() => ingress.count('/Runs/start') === 2);
  ingress.run!.output = report(2);
  assert.equal((await call).state, 'done');
  assert.equal(ingress.runs.size, 1);
});

test('a gateway that stops before the cluster has answered asks again with the same request', async () => {
  const { ingress, config, state } = await cluster();
  ingress.spoil = () => 'lose';
  const openclaw = new FakeOpenClaw();
  const { run_id } = await left(openclaw, { config, state });
  await runs.cutOff();
  ingress.spoil = () => undefined;
  const { api, notices } = telling(openclaw, config, state);
  followKept(api, (work) => work(), notices);
  await until(() => new Store(state).record(run_id)?.cluster?.accepted === true);
  assert.deepEqual([...ingress.runs.keys()], [run_id]);
  ingress.run!.output = report(2);
  await runs.get(run_id, OWNER)?.done;
});

test('what the cluster refuses is refused with all of its problems, and nothing is kept of it', async () => {
  const { ingress, config, state } = await cluster();
  ingress.errors = [
    { code: 'E_AGENT_UNKNOWN', path: '/request/tasks/0/agent_type', message: 'agent_type: it is not known' },
    { code: 'E_TYPE', path: '/request/tasks/1', message: 'a task is an object' },
  ];
  const reply = await use(new FakeOpenClaw(), 'run', wide, { config, state });
  assert.deepEqual([reply.state, reply.run_id], ['refused', null]);
  assert.deepEqual(reply.errors.map(({ path }: any) => path), ['/tasks/0/agent_type', '/tasks/1']);
  assert.deepEqual(readdirSync(join(state, 'parallel-agents/runs')), []);
});

test('a cluster that is not there, or is none, is refused at the start with a code', async () => {
  const { ingress, config, state } = await cluster({ tokenEnv: 'PATH' });
  const run = async () => (await use(new FakeOpenClaw(), 'run', wide, { config, state })).errors[0];
  for (const [spoilt, code, words] of [
    [[404, { message: 'no such service' }], 'E_CLUSTER_REFUSED', /no worker that starts runs/],
    [[403, { message: 'who are you?' }], 'E_CLUSTER_REFUSED', /HTTP 403: who are you\?/],
    [[200, 'hello'], 'E_CLUSTER_FORM', /of another form/],
    [[308, 'moved'], 'E_CLUSTER_REFUSED', /HTTP 308/],
  ] as const) {
    ingress.spoil = () => [...spoilt];
    const error = await run();
    assert.equal(error.code, code, JSON.stringify(error));
    assert.match(error.message, words);
  }
  assert.ok(ingress.authorizations.every((value) => value === `Bearer ${process.env['PATH']}`));
  assert.deepEqual(readdirSync(join(state, 'parallel-agents/runs')), []);
});

test('a cluster that is away at the start is said to be so at once, since nothing has reached it', async () => {
  const { ingress, config, state, url } = await cluster();
  ingress.stop();
  const reply = await use(new FakeOpenClaw(), 'run', wide, { config, state });
  assert.deepEqual([reply.state, reply.errors[0].code], ['refused', 'E_CLUSTER_AWAY']);
  assert.match(reply.errors[0].message, new RegExp(`${url} cannot be reached \\(ECONNREFUSED\\)`));
  assert.deepEqual(readdirSync(join(state, 'parallel-agents/runs')), []);
});

test('a cluster whose TLS cannot be trusted, or is none, is away at the start: nothing has reached it', async () => {
  const { state, config, url } = await cluster();
  (config['cluster'] as any).url = url.replace('http:', 'https:');
  const reply = await use(new FakeOpenClaw(), 'run', wide, { config, state });
  assert.deepEqual([reply.state, reply.errors?.[0].code], ['refused', 'E_CLUSTER_AWAY'], JSON.stringify(reply));
  const codes = ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID'];
  for (const code of codes) assert.match(code, NOT_CONNECTED);
  for (const code of ['ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', '']) assert.doesNotMatch(code, NOT_CONNECTED);
});

test('what a proxy says is no end of a run that the cluster has', async () => {
  const { ingress, config, state } = await cluster();
  const openclaw = new FakeOpenClaw();
  const { run_id } = await left(openclaw, { config, state });
  for (const [status, said] of [[401, { error: 'who are you?' }], [404, 'no route'], [500, 'oops']] as const) {
    ingress.spoil = () => [status, said];
    const reply = await use(openclaw, 'runs', { action: 'status', run_id, timeoutSeconds: 2 }, { config, state });
    assert.equal(reply.state, 'running', JSON.stringify(reply));
    assert.match(reply.hint, /nothing new is known: .*; it is asked again/);
  }
  ingress.spoil = () => undefined;
  ingress.run!.output = report(2);
  assert.equal((await use(openclaw, 'runs', { action: 'status', run_id, timeoutSeconds: 10 }, { config, state })).state, 'done');
});

test('a run stays with the cluster that has it when the address becomes that of another', async () => {
  const { ingress, config, state } = await cluster();
  const openclaw = new FakeOpenClaw();
  const { run_id } = await left(openclaw, { config, state });
  await runs.cutOff();
  const other = await cluster();
  const status = use(openclaw, 'runs', { action: 'status', run_id, timeoutSeconds: 10 }, { config: other.config, state });
  await until(() => other.ingress.asked.length > 0);
  ingress.run!.output = report(2);
  assert.deepEqual([(await status).state, other.ingress.count('/Runs/start'), other.ingress.runs.size], ['done', 0, 0]);
});

test('a run that breaks off there is broken here, with the reason', async () => {
  for (const [output, spoilt, code] of [
    [{ NoGateway: ['a: the token is refused'] }, undefined, 'E_CLUSTER_NO_GATEWAY'],
    [undefined, [404, { message: 'not found' }], 'E_CLUSTER_LOST'],
    [undefined, [409, { message: 'killed' }], 'E_CLUSTER_FAILED'],
  ] as const) {
    const { ingress, config, state } = await cluster();
    ingress.spoil = (path) => (path.endsWith('/output') && spoilt ? [...spoilt] : undefined);
    const call = use(new FakeOpenClaw(), 'run', wide, { config, state });
    await until(() => ingress.run !== undefined);
    ingress.run!.output = output;
    const reply = await call;
    assert.deepEqual([reply.state, reply.errors[0].code], ['broken', code], JSON.stringify(reply));
    const resumed = await use(new FakeOpenClaw(), 'runs', { action: 'resume', run_id: reply.run_id }, { config, state });
    assert.equal(resumed.errors[0].code, code, 'it is followed again, and not started again');
    assert.equal(ingress.count('/Runs/start'), 1);
    const none = await use(new FakeOpenClaw(), 'runs', { action: 'resume', run_id: reply.run_id }, { state });
    assert.deepEqual([none.errors[0].code, none.errors[0].hint], ['E_NO_CLUSTER', `the operator sets cluster again; it was ${(config['cluster'] as any).url}`]);
  }
});

test('somebody is asked before a run is handed over, about as many tasks as the cluster takes', async () => {
  const { ingress, config, state } = await cluster();
  const asked = { ...config, maxTasks: 1, approval: { above_sessions: 1 } };
  const reply = await use(new FakeOpenClaw(), 'run', wide, { config: asked, state });
  assert.equal(reply.errors[0].code, 'E_APPROVAL', JSON.stringify(reply));
  assert.deepEqual(ingress.asked, []);
});
