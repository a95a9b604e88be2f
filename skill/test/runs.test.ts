import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { readConfig } from '../src/config.ts';
import { Gateway } from '../src/gateway.ts';
import { type Run, type Wanted, Runs } from '../src/runs.ts';
import { Store } from '../src/store.ts';
import { FakeOpenClaw } from './openclaw.ts';

const TASK = { agent_type: 'code_reviewer', task_description: 'Say something.', output_format: 'text' };

const made: string[] = [];
after(() => made.forEach((directory) => rmSync(directory, { recursive: true })));

/** What a run of two tasks is started with. */
function wanted(openclaw: FakeOpenClaw, more: Partial<Wanted> = {}): Wanted {
  const around = openclaw.around();
  return {
    function: 'run_tasks',
    arguments: JSON.stringify({ tasks: [TASK, TASK] }),
    owner: 'agent:main:main',
    around,
    sessions: new Gateway(around, () => openclaw.tools()),
    config: readConfig({}).config,
    store: undefined,
    warn: () => {},
    ended: () => {},
    digest: '{"max_chars":1000}',
    ...more,
  };
}

/** Starts a run that has to have a place. */
function start(runs: Runs, wanted: Wanted): Run {
  const run = runs.start(wanted);
  assert.ok(typeof run !== 'string', String(run));
  return run;
}

test('a run that breaks names the sessions that it leaves behind', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  openclaw.spoil = (call) => {
    if (call === 'cancel') throw new Error('no');
  };
  const run = start(new Runs(), wanted(openclaw));
  run.onProgress(({ running }) => {
    if (running === 2) throw new Error('broken in the middle');
  });
  await run.done;
  assert.equal(run.broken?.code, 'E_HOST');
  assert.match(run.broken.message, /broken in the middle.*could not be stopped/);
  assert.equal(openclaw.live().length, 2);
  for (const session of openclaw.live()) assert.ok(run.broken.message.includes(session), run.broken.message);
});

test('a run that is resumed twice at once is one run', async () => {
  const state = mkdtempSync(join(tmpdir(), 'parallel-agents-test-'));
  made.push(state);
  const store = new Store(state);
  const openclaw = new FakeOpenClaw();
  const runs = new Runs();
  const first = start(runs, wanted(openclaw, { store }));
  await first.done;
  const { run_id } = first.record;
  // As in another process, which finds the files only.
  const others = new Runs();
  const resumed = { record: store.record(run_id)!, journal: store.journal(run_id)! };
  const [one, other] = [1, 2].map(() => start(others, wanted(openclaw, { store, resumed })));
  assert.equal(one, other);
  await one?.done;
  assert.ok(one?.reply, JSON.stringify(one?.broken));
  assert.equal(openclaw.sessions.length, 2);
});

test('everyone who waits for a run hears of its steps', async () => {
  const run = start(new Runs(), wanted(new FakeOpenClaw()));
  const heard = [0, 0];
  const stop = run.onProgress(() => {
    heard[0]! += 1;
    stop();
  });
  run.onProgress(() => (heard[1]! += 1));
  await run.done;
  assert.deepEqual(heard, [1, 4]);
});

test('one session never takes all places, and one that has none always finds one', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const runs = new Runs();
  const begun: Run[] = [];
  const tries = (owner: string, count: number) => {
    const all = Array.from({ length: count }, () => runs.start(wanted(openclaw, { owner })));
    begun.push(...all.filter((run) => typeof run !== 'string'));
    return all.map((run) => (typeof run === 'string' ? run : 'started'));
  };
  const first = tries('one', 20);
  assert.deepEqual(first.slice(0, 8), Array(8).fill('started'));
  assert.match(first[8]!, /8 runs of this session/);
  // Busy ones share what is left but for a few places, and newcomers have these.
  assert.equal(tries('two', 20).filter((run) => run === 'started').length, 4);
  for (const owner of ['three', 'four', 'five', 'six']) assert.deepEqual(tries(owner, 2)[0], 'started', owner);
  assert.match(tries('seven', 1)[0]!, /16 runs are alive in this gateway, of which this session has 0/);
  for (const run of begun) run.stop('enough');
  await Promise.all(begun.map((run) => run.done));
  assert.deepEqual(openclaw.live(), []);
  assert.equal(begun.length, 16);
});

test('the digest that a reply needs is made with the result, and a call without one gives none', async () => {
  const runs = new Runs();
  const run = start(runs, wanted(new FakeOpenClaw()));
  await run.done;
  assert.equal(run.digest?.wanted, '{"max_chars":1000}');
  const { results } = JSON.parse(run.digest?.reply.val ?? '{}');
  assert.deepEqual(results.map(({ output }: { output: string }) => output), ['an answer', 'an answer']);
  assert.ok(run.reply && !('digest' in run.reply), 'it is not kept with the result');
  const other = start(runs, wanted(new FakeOpenClaw(), { function: 'versions', arguments: '{}' }));
  await other.done;
  assert.equal(other.digest, undefined, 'what spawns nothing has none');
});
