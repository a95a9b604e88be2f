/** The pages of runs over HTTP: who may see them, what they are told, and what the gateway is asked to show. */

import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';

import type { PluginApi, Route } from '../src/openclaw.ts';
import { isKey, maySee, newKey, notePort, registerPages } from '../src/page_route.ts';
import type { Progress, SpawnOptions } from '../src/contract.ts';
import { Store } from '../src/store.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { TASK, directory, say, use } from './use.ts';

const OWNER = { connect: { scopes: ['operator.admin', 'operator.read'] } };

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

/** The plugin's routes behind an address, and the tab that it has asked for. */
async function served(openclaw: FakeOpenClaw, state: string, client: unknown = OWNER) {
  const routes: Route[] = [];
  const tabs: any[] = [];
  const api: PluginApi = {
    ...openclaw.api(),
    runtime: { ...openclaw.runtime, state: { resolveStateDir: () => state } },
    registerHttpRoute: (route) => routes.push(route),
    session: { controls: { registerControlUiDescriptor: (tab) => tabs.push(tab) } },
  };
  registerPages(api, async () => client);
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const route = routes.find((route) => (route.match === 'exact' ? path === route.path : path.startsWith(route.path)));
    if (route) void route.handler(request, response);
    else response.writeHead(404).end();
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await new Promise((resolve) => server.once('listening', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string, init?: RequestInit) => fetch(new URL(path, `${base}${tabs[0].path}`), init);
  /** The page at a path, and its feed. */
  const page = async (path: string) => {
    const answer = await get(path);
    const text = await answer.text();
    const { feed } = JSON.parse(text.split('id="document">')[1]?.split('</script>')[0] ?? '');
    return { answer, text, feed, next: async (rev = '') => JSON.parse(await (await get(`${feed.url}&rev=${rev}`)).text()) };
  };
  return { routes, tabs, get, page };
}

test('the tab is for operators who see all sessions, and its pages are let in by the gateway', async () => {
  const { routes, tabs } = await served(new FakeOpenClaw(), directory());
  assert.deepEqual(tabs.map(({ surface, requiredScopes }) => [surface, requiredScopes]), [['tab', ['operator.admin']]]);
  const [pages, feed] = routes;
  assert.ok(tabs[0].path === pages?.path && pages?.auth === 'gateway' && pages.gatewayRuntimeScopeSurface === 'trusted-operator');
  assert.ok(feed?.auth === 'plugin' && !feed.path.startsWith(pages.path), 'the gateway refuses routes that overlap');
});

test('a run goes on under the eyes of whoever looks, and its end is told in full', async () => {
  const [openclaw, state] = [new FakeOpenClaw(), directory()];
  openclaw.answer = undefined;
  const { page, get } = await served(openclaw, state);
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK, TASK], timeoutSeconds: 0.2 }, { state });
  // The component has to be compiled first.
  while (openclaw.sessions.length < 2) await use(openclaw, 'runs', { action: 'status', run_id, timeoutSeconds: 0.1 }, { state });
  const list = await (await page('')).next();
  const [row] = list.document.runs;
  assert.deepEqual([row.run_id, row.state, row.session, row.progress.total], [run_id, 'running', 'agent:main:main', 2]);
  assert.equal(row.command, `/parallel_agents cancel ${run_id}`);

  const run = await page(`?run=${run_id}`);
  const first = await run.next();
  const { live, about } = first.document;
  const sessions = first.sessions.map(([, session]: any) => session);
  assert.deepEqual([live.state, live.total, live.ended, first.goes_on, first.more], ['running', 2, 0, false, false]);
  assert.deepEqual(first.tasks.map(([place, task]: any) => [place, task.status]), [[0, 'running'], [1, 'running']]);
  assert.ok(sessions.length === 2 && sessions.every((session: any) => session.prompt_chars > 100 && !('prompt' in session)));
  assert.deepEqual([about.run_id, about.session], [run_id, 'agent:main:main']);
  const again = await run.next(first.revision);
  assert.ok(!('document' in again) && again.now_ms >= live.now_ms, 'nothing has happened but time');
  const prompt = await (await get(`${run.feed.texts}&session=${encodeURIComponent(sessions[0].label)}&part=prompt`)).text();
  assert.equal(prompt, openclaw.sessions[0]?.prompt);
  assert.equal((await get(`${run.feed.texts}&session=no&part=prompt`)).status, 404);
  const find = async (...words: string[]) => JSON.parse(await (await get(`${run.feed.find}${words.map((word) => `&word=${encodeURIComponent(word)}`).join('')}`)).text()).sessions;
  const [one, two] = sessions.map(({ label }: any) => label);
  assert.deepEqual(await find('TASK-2', 'nowhere', 'say something'), [[one, [2]], [two, [0, 2]]], 'each word by itself');
  assert.deepEqual(await find('senior engineer'), [], 'what all tasks of an agent type read is not searched');

  openclaw.answer = 'an answer';
  for (const session of openclaw.sessions) openclaw.end(session);
  assert.equal((await use(openclaw, 'runs', { action: 'status', run_id }, { state })).state, 'done');
  const { document } = await run.next(first.revision);
  assert.deepEqual(document.report.results.map(({ output }: any) => output), ['an answer', 'an answer']);
  // Not even the last document has the texts of sessions.
  assert.ok(document.sessions.every((session: any) => session.prompt_chars === prompt.length && !('prompt' in session)));
  assert.equal(await (await get(`${run.feed.texts}&session=${encodeURIComponent(sessions[0].label)}&part=prompt`)).text(), prompt);
  assert.ok(!('document' in (await run.next('ended'))));
  assert.equal((await find('an answer')).length, 2);
  assert.deepEqual((await (await page('')).next()).document.runs[0].counts, { completed: 2 });
});

test('a page of a large run is told of it in bounded parts, and then of what has changed', async () => {
  const [state, id, total] = [directory(), 'pa-0123456789ab', 2_500];
  const store = new Store(state);
  store.place(id);
  store.begin({ run_id: id, function: 'run_tasks', owner: 'agent:main:main', started: new Date(0).toISOString(), state: 'running' });
  const [log, tasks] = [store.log(id), store.tasks(id)];
  const heard = (number: number, status: string) =>
    tasks.heard({ task: `task-${number}`, agentType: 'code_reviewer', status, ended: 0, running: 1, total } as Progress, number);
  for (let number = 0; number < total; number += 1) {
    log.asked({ label: `code_reviewer task-${number}`, task: 'Review it. '.repeat(300) } as SpawnOptions, number);
    heard(number, 'running');
  }
  const { page } = await served(new FakeOpenClaw(), state);
  const { feed, next } = await page(`?run=${id}`);
  const parts = [];
  for (let revision = ''; ; revision = parts.at(-1).revision) {
    parts.push(await next(revision));
    assert.ok(JSON.stringify(parts.at(-1)).length < 512 * 1024);
    if (!parts.at(-1).more) break;
  }
  assert.deepEqual(parts.map(({ tasks, goes_on }) => [tasks.length, goes_on]), [[1_000, false], [1_000, true], [500, true]]);
  assert.equal(parts[0].document.live.state, 'interrupted');
  const places = parts.flatMap(({ sessions }) => sessions.map(([place]: any) => place));
  assert.deepEqual(places, Array.from({ length: total }, (_, place) => place), 'every session is told once');
  assert.ok(!('document' in (await next(parts.at(-1).revision))), 'it is not told twice');
  // What is kept has changed: another process continued it.
  heard(7, 'completed');
  const again = await next(parts.at(-1).revision);
  assert.deepEqual([again.goes_on, again.tasks.length], [false, 1_000]);
  assert.ok(feed.url.includes(id));
});

test('a page runs its own script alone, and no other site may frame it', async () => {
  const { page } = await served(new FakeOpenClaw(), directory());
  for (const path of ['', '?run=pa-000000000000']) {
    const { answer, text } = await page(path);
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self';.*; frame-ancestors 'self'$/);
    assert.ok(!policy.includes('unsafe') && text.split('<script>').length === 2);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  }
});

test('nobody reads without a key, with an old one, or with one of their own', async () => {
  const { get, page } = await served(new FakeOpenClaw(), directory());
  const { feed } = await page('');
  const key = feed.url.split('key=')[1];
  assert.equal((await get(feed.url)).status, 200);
  for (const wrong of ['', 'x', `${key}x`, key.replace(/^\d/, (digit: string) => String((Number(digit) + 1) % 10)), newKey(0)])
    assert.equal((await get(`feed?of=list&key=${wrong}`)).status, 401, wrong);
  assert.ok(isKey(newKey(1_000), 1_000 + 14 * 60_000) && !isKey(newKey(1_000), 1_000 + 16 * 60_000));
  assert.equal((await get(feed.url, { method: 'POST' })).status, 405);
  assert.equal((await get(`feed?of=run&run=../x&key=${key}`)).status, 404);
});

test('who may see less than all sessions sees no page', async () => {
  const { get } = await served(new FakeOpenClaw(), directory(), { connect: { scopes: ['operator.read', 'operator.write'] } });
  const answer = await get('');
  assert.equal(answer.status, 403);
  assert.match(await answer.text(), /operator\.admin/);
  const grant = { connect: { scopes: ['operator.read'] } };
  assert.ok(maySee(grant, { cookie: 'a=b' }), 'the frame of the tab');
  assert.ok(!maySee(grant, {}) && !maySee(undefined, { cookie: 'a=b' }));
  assert.ok(!maySee(grant, { cookie: 'a=b', authorization: 'Bearer x' }));
  assert.ok(!maySee(grant, { cookie: 'a=b', 'x-openclaw-scopes': 'operator.read' }));
  assert.ok(!maySee({ ...grant, internal: { operatorRoleActor: {} } }, { cookie: 'a=b' }));
});

test('a report is a link to the tab', async () => {
  const [openclaw, state] = [new FakeOpenClaw(), directory()];
  await served(openclaw, state);
  notePort(4242);
  const { run_id } = await use(openclaw, 'run', { tasks: [TASK] }, { state });
  const { result, hint } = await use(openclaw, 'runs', { action: 'report', run_id }, { state });
  assert.deepEqual(result, { link: 'http://127.0.0.1:4242/parallel-agents' });
  assert.ok(hint.includes(run_id));
  const getRuntimeConfig = () => ({ gateway: { tls: { enabled: true }, controlUi: { basePath: '/claw/' } } });
  const other = await use(openclaw, 'runs', { action: 'report', run_id }, { state, context: { getRuntimeConfig } });
  assert.equal(other.result.link, 'https://127.0.0.1:4242/claw/parallel-agents');
  const without = { getRuntimeConfig: () => ({ gateway: { controlUi: { enabled: false } } }) };
  const { result: page } = await use(openclaw, 'runs', { action: 'report', run_id }, { state, context: without });
  assert.ok(page.file.endsWith(`${run_id}.html`));
});

test('whatever state a run is in, its report is that link, for people too', async () => {
  const [openclaw, state] = [new FakeOpenClaw(), directory()];
  await served(openclaw, state);
  notePort(4242);
  const store = new Store(state);
  const kept = { function: 'run_tasks', owner: 'agent:main:main', started: new Date(0).toISOString(), state: 'running' } as const;
  const [interrupted, broken] = ['pa-0123456789b0', 'pa-0123456789b1'];
  store.place(interrupted);
  for (const run_id of [interrupted, broken]) store.begin({ ...kept, run_id });
  store.end({ ...kept, run_id: broken, broken: { code: 'E_GUEST_TRAP', message: 'it broke off' } }, undefined);
  const { run_id: done } = await use(openclaw, 'run', { tasks: [TASK] }, { state });
  openclaw.answer = undefined;
  const { run_id: running } = await use(openclaw, 'run', { tasks: [TASK], timeoutSeconds: 1 }, { state });
  for (const [run_id, is] of Object.entries({ [interrupted]: 'interrupted', [broken]: 'broken', [done]: 'done', [running]: 'running' })) {
    const reply = await use(openclaw, 'runs', { action: 'report', run_id }, { state });
    assert.deepEqual([reply.ok, reply.state, reply.result.link], [true, is, 'http://127.0.0.1:4242/parallel-agents']);
    const shown = await say(openclaw, `report ${run_id}`, { state });
    assert.match(shown, new RegExp(`^Run \`${run_id}\` is in the list at http://127\\.0\\.0\\.1:4242/parallel-agents;`));
  }
  await use(openclaw, 'runs', { action: 'cancel', run_id: running }, { state });
});
