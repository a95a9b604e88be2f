import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

import { Broken, call } from '../src/call.ts';
import type { Call } from '../src/contract.ts';
import { endThreads, makeReady, takeThread } from '../src/threads.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { directory } from './use.ts';

const WORKER = new URL('../dist/worker.js', import.meta.url);
const TASK = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };

after(endThreads);

const start = (openclaw: FakeOpenClaw) => openclaw.host();

function request(name: string, arguments_: object): Call {
  return { function: name, arguments: JSON.stringify(arguments_) };
}

test('the component runs tasks', async () => {
  const openclaw = new FakeOpenClaw();
  const host = start(openclaw);
  const shown: string[] = [];
  const reply = await call(WORKER, request('run_tasks', { tasks: [TASK, TASK] }), host, ({ status }) =>
    shown.push(status),
  );
  assert.equal(reply.tag, 'answer');
  const report = JSON.parse(reply.val);
  assert.equal(report.status, 'completed', reply.val);
  assert.deepEqual(
    report.results.map((result: any) => [result.task_id, result.output, result.metadata.model_applied]),
    [
      ['task-1', 'an answer', 'sim/standard'],
      ['task-2', 'an answer', 'sim/standard'],
    ],
  );
  assert.deepEqual(shown, ['running', 'running', 'completed', 'completed']);
  assert.deepEqual(await host.close(), []);
});

test('a team is made and run in one call', async () => {
  const host = start(new FakeOpenClaw());
  const reply = await call(WORKER, request('review_team', { code: 'fn main() {}', run: true }), host, () => {});
  assert.equal(JSON.parse(reply.val).results.length, 5, reply.val);
  await host.close();
});

test('a request that is refused asks nothing of the gateway', async () => {
  const openclaw = new FakeOpenClaw();
  const host = start(openclaw);
  const reply = await call(WORKER, request('run_tasks', { tasks: [] }), host, () => {});
  assert.equal(reply.tag, 'refused');
  assert.ok(JSON.parse(reply.val).errors.length > 0);
  assert.deepEqual(openclaw.sessions, []);
  await host.close();
});

test('whatever the gateway throws, the run has its report', async () => {
  for (const spoilt of ['sessions_spawn', 'messages', 'resolve', 'cancel']) {
    const openclaw = new FakeOpenClaw();
    openclaw.spoil = (call) => {
      if (call === spoilt) throw new Error('sessions_spawn reached tools.swarm.maxTotalPerGroup');
    };
    const host = start(openclaw);
    const reply = await call(WORKER, request('run_tasks', { tasks: [TASK] }), host, () => {});
    assert.equal(reply.tag, 'answer', spoilt);
    assert.ok(JSON.parse(reply.val).results[0].status, spoilt);
    await host.close();
  }
});

test('a stopped turn stops its sessions', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const host = start(openclaw);
  const running = call(
    WORKER,
    request('run_tasks', { tasks: [TASK, TASK] }),
    host,
    ({ running }) => running === 2 && host.stop('enough'),
  );
  const report = JSON.parse((await running).val);
  assert.equal(report.status, 'cancelled');
  assert.deepEqual(
    report.results.map((result: any) => result.error.code),
    ['E_CANCELLED', 'E_CANCELLED'],
  );
  assert.deepEqual(openclaw.live(), []);
  assert.deepEqual(await host.close(), []);
});

for (const [what, code] of Object.entries({
  'computes for ever': "port.postMessage({ kind: 'next' }); port.once('message', () => { for (;;) {} });",
  'breaks off': "port.postMessage({ kind: 'next' }); port.once('message', () => { throw new Error('unreachable'); });",
  'ends without a reply': '',
})) {
  test(`a component that ${what} leaves nothing behind`, async () => {
    const openclaw = new FakeOpenClaw();
    openclaw.answer = undefined;
    const host = start(openclaw);
    const options = {
      task: 'x',
      label: 'x',
      taskName: 'x',
      runTimeoutSeconds: 9,
      cleanup: 'keep',
      toolFree: false,
      idempotencyKey: 'x',
    };
    const spawn = `port.postMessage({ kind: 'spawn', request: 1n, options: ${JSON.stringify(options)} });`;
    const worker = new URL(
      `data:text/javascript,${encodeURIComponent(`import { parentPort as port } from 'node:worker_threads'; ${spawn} ${code}`)}`,
    );
    await assert.rejects(
      call(worker, request('x', {}), host, () => {}),
      Broken,
    );
    assert.deepEqual(await host.close(), []);
    assert.deepEqual(openclaw.live(), []);
    assert.equal(openclaw.sessions.length, 1);
  });
}

test('what the component said before it broke off is heard, however busy the gateway was', async () => {
  const gone = new Int32Array(new SharedArrayBuffer(4));
  const code = `import { parentPort as port } from 'node:worker_threads';
    port.once('message', ({ gone }) => {
      process.once('exit', () => { Atomics.store(gone, 0, 1); Atomics.notify(gone, 0); });
      port.postMessage({ kind: 'answer', session: 's', answer: { text: 'paid for', truncated: false } });
      throw new Error('unreachable');
    });`;
  const heard: string[] = [];
  const host = {
    next: () => new Promise<never>(() => {}),
    perform() {},
    answered: (_: string, { text }: { text: string }) => void heard.push(text),
  };
  const worker = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  // The gateway's thread does something else until the component's has ended, and a little longer: the error is told last.
  process.once('worker', (thread) =>
    thread.once('online', () => {
      Atomics.wait(gone, 0, 0, 30_000);
      for (let turn = 0; turn < 20_000; turn += 1) createHash('sha256').update('busy').digest();
    }),
  );
  await assert.rejects(call(worker, { gone } as unknown as Call, host, () => {}), { code: 'E_GUEST_TRAP' });
  assert.equal(gone[0], 1);
  assert.deepEqual(heard, ['paid for']);
});

test('a thread that was made ready serves one call', async () => {
  await makeReady(WORKER);
  await makeReady(WORKER);
  const threads = await Promise.all([takeThread(WORKER), takeThread(WORKER)]);
  assert.notEqual(threads[0], threads[1]);
  for (const thread of threads) await thread.terminate();
});

test('when a call has ended, the thread of the next one is made', async () => {
  endThreads();
  const host = start(new FakeOpenClaw());
  await call(WORKER, request('versions', {}), host, () => {});
  await host.close();
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  // Threads are numbered as they are made.
  const later = new Worker('', { eval: true });
  const next = await takeThread(WORKER);
  assert.ok(next.threadId < later.threadId, `${next.threadId} is not before ${later.threadId}`);
  for (const thread of [next, later]) await thread.terminate();
});

test('a thread compiles nothing that the one which made it has compiled', async () => {
  const place = directory();
  cpSync(new URL('../dist', import.meta.url), place, { recursive: true });
  const modules = readdirSync(join(place, 'component')).filter((file) => file.endsWith('.wasm'));
  assert.ok(modules.length > 0);
  for (const file of modules) rmSync(join(place, 'component', file));
  const host = start(new FakeOpenClaw());
  const { tag } = await call(pathToFileURL(join(place, 'worker.js')), request('versions', {}), host, () => {});
  assert.equal(tag, 'answer');
  await host.close();
});

test('a call in a thread that another call has made ready hears in its own surroundings', async () => {
  const surroundings = new AsyncLocalStorage<string>();
  const heard = new Set<unknown>();
  await surroundings.run('another', () => makeReady(WORKER));
  await surroundings.run('its own', async () => {
    const host = start(new FakeOpenClaw());
    const perform = host.perform.bind(host);
    host.perform = (command) => {
      heard.add(surroundings.getStore());
      perform(command);
    };
    const reply = await call(WORKER, request('run_tasks', { tasks: [TASK] }), host, () => {});
    assert.equal(reply.tag, 'answer');
    await host.close();
  });
  assert.deepEqual([...heard], ['its own']);
});
