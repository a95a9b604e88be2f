/** How often a run that goes on is shown, and in which words. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { keepCard, noteCard, showLine } from '../src/progress.ts';
import type { Run } from '../src/runs.ts';
import { settled } from './commands.ts';

const LINE = '3 of 30 tasks ended, 1 without success, 2 running, 48,000 tokens, about 3 min left';

/** A run of which nothing is there but its progress; `hear` is one step of it. */
class FakeRun {
  readonly last = { ended: 3, running: 2, total: 30 };
  readonly standing = { bad: 1, tokens: 48_000, leftMs: 180_000 };
  readonly record: object;
  live = true;
  end = () => {};
  readonly done = new Promise<void>((resolve) => (this.end = resolve));
  #listeners = new Set<() => void>();

  constructor(owner: string) {
    this.record = { run_id: 'pa-1', function: 'run_tasks', owner };
  }

  onProgress(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  hear(times: number): void {
    for (let time = 0; time < times; time += 1) this.#listeners.forEach((listener) => listener());
  }
}

test('many steps of a run are one line in a second, and the last is shown when nobody waits any more', (context: TestContext) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const run = new FakeRun('agent:main:line');
  const lines: string[] = [];
  const stop = showLine(run as unknown as Run, (update) => lines.push((update as { progress: { text: string } }).progress.text));
  run.hear(50);
  assert.equal(lines.length, 0);
  context.mock.timers.tick(1_000);
  assert.deepEqual(lines, [LINE]);
  context.mock.timers.tick(10_000);
  assert.equal(lines.length, 1, 'nothing has happened since');
  run.hear(2);
  stop();
  assert.equal(lines.length, 2);
  run.hear(2);
  context.mock.timers.tick(10_000);
  assert.equal(lines.length, 2);
});

/** Keeps the card of a run; what was written on it. */
function card(run: FakeRun, progressCard = true): string[] {
  const written: string[] = [];
  const tool = { name: 'progress_card', execute: async (_: string, { markdown }: { markdown: string }) => written.push(markdown) };
  const place = { api: { logger: { warn: assert.fail } }, config: { progressCard }, context: {}, outside: (work: () => unknown) => work() };
  keepCard(run as unknown as Run, { ...place, loadTools: async () => () => [tool] } as unknown as Parameters<typeof keepCard>[1]);
  return written;
}

test('many steps of a run are one card in three seconds, and its end is on it', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const run = new FakeRun('agent:main:card');
  const written = card(run);
  run.hear(50);
  context.mock.timers.tick(2_999);
  await settled();
  assert.equal(written.length, 0);
  context.mock.timers.tick(1);
  await settled();
  assert.equal(written.length, 1);
  assert.ok(written[0]!.includes('value="3" max="30"') && written[0]!.includes(LINE), written[0]);
  run.live = false;
  run.end();
  await settled();
  assert.equal(written.length, 2);
  assert.ok(!written[1]!.includes('running'), written[1]);
});

test('a short run, an operator who wants none, and a session that keeps its own card have none of the plugin’s', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const short = new FakeRun('agent:main:short');
  const unwanted = new FakeRun('agent:main:unwanted');
  const own = new FakeRun('agent:main:own');
  const written = [card(short), card(unwanted, false), card(own)];
  noteCard('progress_card', 'call-7', 'agent:main:own');
  [short, unwanted, own].forEach((run) => run.hear(1));
  short.end();
  await settled();
  context.mock.timers.tick(60_000);
  await settled();
  assert.deepEqual(written, [[], [], []]);
});
