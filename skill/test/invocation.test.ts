import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Invocation, waitForRun } from '../src/invocation.ts';
import { fitting, runReply } from '../src/replies.ts';
import type { Run } from '../src/runs.ts';
import { settled } from './commands.ts';

/** A run that goes on until `end` is called, with `count` tasks, of which the first half has ended. */
function running(count = 0) {
  const ended = Promise.withResolvers<void>();
  const tasks = Array.from({ length: count }, (_, at): [string, object] => [
    `a-task-with-a-name-of-some-length-${at}`,
    { agent_type: 'code_reviewer', status: at < count / 2 ? 'completed' : 'running' },
  ]);
  const run = {
    record: { run_id: 'pa-0123456789ab' },
    turn: { over: false },
    done: ended.promise,
    live: true,
    began: true,
    tasks: new Map(tasks),
    last: { ended: 1, running: 2, total: 3 },
    reply: undefined as object | undefined,
    onProgress: () => () => {},
    leave: () => void (run.turn.over = true),
    stop: () => {},
    read: () => {},
    waited: (work: () => Promise<void>) => work(),
  };
  const end = () => {
    Object.assign(run, { live: false, reply: { tag: 'answer', val: '{}' } });
    ended.resolve();
  };
  return { run: run as unknown as Run, end };
}

const invocation = (timeoutMs: number) => ({ timeoutMs, maxChars: 15_000, notify: 'off' }) as Invocation;
for (const [timeoutMs, before] of [[80_000, 75_000], [1_000, 500]] as const) {
  test(`a call that may take ${timeoutMs} ms takes no longer, and leaves the turn at ${before}`, async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { run } = running();
    let reply: any;
    void waitForRun(run, invocation(timeoutMs)).then(({ details }) => (reply = details));
    context.mock.timers.tick(before - 1);
    await settled();
    assert.equal(run.turn.over, false);
    context.mock.timers.tick(1);
    await settled();
    assert.deepEqual([run.turn.over, reply], [true, undefined]);
    context.mock.timers.tick(timeoutMs - before);
    await settled();
    assert.equal(reply?.state, 'running');
  });
}

test('a run that ends in the last seconds of a call is told of', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { run, end } = running();
  const reply = waitForRun(run, invocation(80_000));
  context.mock.timers.tick(76_000);
  await settled();
  end();
  assert.equal(((await reply).details as any).state, 'done');
});

test('the tasks of a run that goes on are those that have not ended, and leave room for the hint', async () => {
  for (const maxChars of [1_000, 15_000]) {
    const { content, details } = await runReply(running(400).run, { maxChars, detail: false, isForPeople: false, notify: 'next_turn' });
    const { tasks, hint } = details as any;
    assert.ok((content[0]?.text.length ?? 0) <= maxChars, `${content[0]?.text.length} characters of ${maxChars}`);
    assert.match(hint, /"action":"status"/);
    assert.ok(tasks.length > 0 && tasks.length < 200);
    assert.equal(tasks[0].task_id, 'a-task-with-a-name-of-some-length-200');
  }
});

test('rows are taken as long as there is room', () => {
  const rows = [{ a: 1 }, { a: 2 }, { a: 3 }];
  assert.deepEqual(fitting(rows, 16), rows.slice(0, 2));
  assert.deepEqual(fitting(rows, 15), rows.slice(0, 1));
  assert.deepEqual(fitting(rows, 99), rows);
  assert.deepEqual(fitting(rows, -1), []);
});
