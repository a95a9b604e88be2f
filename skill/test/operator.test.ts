// Whatever a request brings, no run goes beyond what the operator allows: generated requests, through the whole plugin.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { settled } from './commands.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { TASK, directory, use } from './use.ts';

/** Chance that comes again with its seed: a xorshift generator. */
function chance(seed: number) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const pick = <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)]!;
  return { next, pick };
}

/** What stands where a cap belongs. */
const CAPS = [null, 0, 1, 2, 3, -1, 1.5, 1e3, 1e6, 1e15, 2 ** 53, 2 ** 53 + 2, 1e300, '1', 'all', '', true, false, [], [9], {}, { max: 9 }];
const BUDGETS = [null, undefined, [], {}, 'none', 7, [{ spawns: 99 }], { budget: { spawns: 99 } }, { spawns: { spawns: 9 } }];
const PRICES = [undefined, null, {}, { '*': { input: 0, output: 0 } }, { 'sim/standard': { input: 0, output: 0 } }, [], 'free'];
const NAMES = ['tokens', 'micro_usd', 'spawns', 'seconds', 'session_tokens', '__proto__', 'constructor', 'max'];

type Draw = ReturnType<typeof chance>;

/** What fits the schema, so that the request is run; half of all requests bring nothing else. */
const FITTING = { spawns: [null, 1, 3, 1_000], tokens: [null, 40_000, 2 ** 53], micro_usd: [null, 50_000, 2 ** 53], seconds: [null, 86_400], session_tokens: [null, 100, 20_000] };
const FITTING_PRICES = [undefined, null, {}, { '*': { input: 0, output: 0 } }, { 'sim/standard': { input: 0, output: 0 } }];

function budget({ next, pick }: Draw, fits: boolean): unknown {
  if (!fits && next() < 0.3) return pick(BUDGETS);
  const all = fits ? Object.keys(FITTING) : NAMES;
  const value = (name: string) => pick<unknown>(fits ? FITTING[name as keyof typeof FITTING] : CAPS);
  // As JSON has it, where any name is a member of its own.
  const members = all.filter(() => next() < 0.4).map((name) => `${JSON.stringify(name)}:${JSON.stringify(value(name))}`);
  return JSON.parse(`{${members.join()}}`);
}

const many = Array.from({ length: 6 }, () => TASK);
/** The functions that spawn, each by a request that wants more sessions than the operator allows. */
const CALLS: [string, object][] = [
  ['run', { tasks: many, retries: 5, retry_budget: 50 }],
  ['team', { team: 'content', topic: 'x', platform: 'y' }],
  ['team', { team: 'review', code: 'x' }],
  ['refine', { drafts: [{ name: 'one', draft: 'A text.', kind: 'text' }], judges: 5, max_rounds: 5 }],
  ['create', { new_agents: [{ name: 'one_writer', purpose: 'To write one line.' }] }],
  ['orchestrate', { goal: 'Write two lines.' }],
  ['call', { function: 'spawn_with_retry', arguments: { task: TASK } }],
  ['call', { function: 'spawn_parallel_with_retry', arguments: { tasks: many } }],
  ['call', { function: 'spawn_with_model_hierarchy', arguments: { task: TASK } }],
  ['call', { function: 'meta_workflow', arguments: { purposes: [{ name: 'one_writer', purpose: 'To write.' }], run: true } }],
];

function request(draw: Draw): [string, any] {
  const [tool, given] = structuredClone(draw.pick(CALLS)) as [string, any];
  const place = given.arguments ?? given;
  const fits = draw.next() < 0.6;
  const asked = budget(draw, fits);
  if (asked !== undefined) place.budget = asked;
  const prices = draw.pick(fits ? FITTING_PRICES : PRICES);
  if (prices !== undefined) place.prices = prices;
  if (!fits && draw.next() < 0.2) place.rules = { budget: asked };
  if (draw.next() < 0.3) place.max_concurrent = draw.pick([1, 3, 50]);
  return [tool, given];
}

test('each of these requests is one that runs', async () => {
  for (const [tool, given] of CALLS) {
    const openclaw = new FakeOpenClaw();
    const reply = await use(openclaw, tool, { ...given, timeoutSeconds: 60 });
    assert.equal(reply.state, 'done', `${tool} ${JSON.stringify(given)}: ${JSON.stringify(reply.errors)}`);
    assert.ok(openclaw.sessions.length > 0, tool);
  }
});

/** The caps that a report names, wherever in it the run stands. */
const budgetOf = (reply: any) => (reply.result?.run ?? reply.result)?.budget;

test('no request is looser than the operator, whatever stands in it', async () => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const draw = chance(seed);
  let [ran, refused, spawned] = [0, 0, 0];
  for (let round = 0; round < 150; round += 1) {
    const allowed = {
      spawns: draw.pick([1, 2, 4]),
      tokens: draw.pick([undefined, 30_000, 70_000]),
      micro_usd: draw.pick([undefined, 40_000, 90_000]),
      seconds: draw.pick([undefined, 600]),
    };
    const config = {
      budget: Object.fromEntries(Object.entries(allowed).filter(([, cap]) => cap !== undefined)),
      prices: { '*': { input: 1_000, output: 2_000 } },
    };
    const openclaw = new FakeOpenClaw();
    const [tool, given] = request(draw);
    const reply = await use(openclaw, tool, { ...given, detail: true }, { config });
    const place = `seed ${seed}, round ${round}: ${tool} ${JSON.stringify(given)} under ${JSON.stringify(config)}: ${JSON.stringify(reply).slice(0, 800)}`;
    assert.ok(['done', 'refused'].includes(reply.state), place);
    const { length } = openclaw.sessions;
    assert.ok(length <= allowed.spawns, place);
    if (reply.state === 'refused') assert.equal(length, 0, place);
    else ran += 1;
    refused += reply.state === 'refused' ? 1 : 0;
    spawned += length;
    const caps = budgetOf(reply);
    if (!caps) continue;
    for (const name of ['spawns', 'tokens', 'micro_usd'] as const) {
      const most = allowed[name];
      if (most !== undefined) assert.ok(caps[name].cap !== null && caps[name].cap <= most, `${name}: ${place}`);
      if (most !== undefined) assert.ok(caps[name].spent <= most, `${name}: ${place}`);
    }
  }
  console.log(`seed ${seed}: ${ran} requests ran, with ${spawned} sessions; ${refused} were refused`);
  assert.ok(ran > 30 && refused > 20 && spawned > 40, 'too little was tried');
});

test('a cap that a request sets to nothing is the operator’s', async () => {
  for (const spawns of [undefined, null, 1_000]) {
    const openclaw = new FakeOpenClaw();
    const reply = await use(openclaw, 'run', { tasks: many, detail: true, budget: { spawns } }, { config: { budget: { spawns: 1 } } });
    assert.equal(openclaw.sessions.length, 1, JSON.stringify(reply));
    assert.deepEqual(reply.result.budget.spawns, { cap: 1, spent: 1, overshoot: 0 });
  }
});

test('prices of a request count for nothing under the operator’s', async () => {
  const config = { budget: { micro_usd: 40_000 }, prices: { 'sim/dear': { input: 1_000, output: 1_000 } } };
  const free = { '*': { input: 0, output: 0 }, 'sim/dear': { input: 0, output: 0 } };
  const openclaw = new FakeOpenClaw();
  const tasks = [{ ...TASK, model: 'sim/free' }, { ...TASK, model: 'sim/dear' }, TASK];
  const reply = await use(openclaw, 'run', { tasks, detail: true, prices: free, budget: { micro_usd: 10 ** 12 } }, { config });
  const codes = reply.result.results.map((result: any) => result.error?.code ?? result.status);
  assert.deepEqual(codes, ['E_BUDGET_UNENFORCEABLE', 'completed', 'E_BUDGET_UNENFORCEABLE'], JSON.stringify(reply));
  assert.equal(reply.result.budget.micro_usd.cap, 40_000);
});

for (const [what, id, config] of [
  ['spawns', 'pa-0123456789ae', { budget: { spawns: 1 } }],
  ['money without prices for its models', 'pa-0123456789af', { budget: { micro_usd: 10 ** 6 }, prices: { 'sim/other': { input: 1, output: 1 } } }],
] as const) {
  test(`a limit of ${what} that is set while a run is cut off holds when it goes on`, async () => {
    const state = directory();
    const openclaw = new FakeOpenClaw();
    openclaw.answer = undefined;
    const tasks = { tasks: many, max_concurrent: 1, timeoutSeconds: 1, budget: { spawns: null } };
    const { run_id } = await use(openclaw, 'run', tasks, { state });
    while (openclaw.sessions.length === 0) await settled();
    const runs = join(state, 'parallel-agents/runs');
    for (const kind of ['json', 'journal', 'sessions'])
      copyFileSync(join(runs, `${run_id}.${kind}`), join(runs, `${id}.${kind}`));
    const record = JSON.parse(readFileSync(join(runs, `${id}.json`), 'utf8'));
    writeFileSync(join(runs, `${id}.json`), JSON.stringify({ ...record, run_id: id }));
    openclaw.answer = 'after all';
    openclaw.end(openclaw.sessions[0]!);
    const other = await use(openclaw, 'runs', { action: 'cancel', run_id }, { state });
    assert.equal(other.state, 'done');
    const before = openclaw.sessions.length;
    const reply = await use(openclaw, 'runs', { action: 'resume', run_id: id }, { state, config });
    assert.equal(reply.state, 'done', JSON.stringify(reply));
    assert.equal(openclaw.sessions.length, before, 'nothing more is spawned');
    const codes = new Set(reply.result.results.slice(1).map((result: any) => result.error?.code));
    assert.deepEqual([...codes], [what === 'spawns' ? 'E_BUDGET' : 'E_BUDGET_UNENFORCEABLE'], JSON.stringify(reply));
  });
}
