/**
 * A component that misbehaves, host functions that fail, and answers of any size and shape: the call ends with a code,
 * its sessions are stopped, and the gateway's thread is as alive as ever. host-sim/tests/it/limits.rs holds the simulator
 * to the same. Run by `cargo xtask engines`, which puts the component into target/hostile. A thread that were left
 * behind would keep this program from ending.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';

import { Broken, call } from '../src/call.ts';
import type { Call } from '../src/contract.ts';
import { FakeOpenClaw } from './openclaw.ts';

const DIST = new URL('../dist/', import.meta.url);
const WORKER = new URL('worker.js', DIST);
const HOSTILE = new URL('../../target/hostile/', import.meta.url);
const HOSTILE_WORKER = new URL('worker.js', HOSTILE);

/** Deed, and the code of what comes of it; none: a reply. */
const DEEDS: [string, string | undefined][] = [
  ['spin', 'E_GUEST_STUCK'],
  ['ask', 'E_GUEST_STUCK'],
  ['tell', 'E_GUEST_STUCK'],
  ['allocate', 'E_GUEST_TRAP'],
  ['recurse', 'E_GUEST_TRAP'],
  ['recurse-flat', 'E_GUEST_TRAP'],
  ['panic', 'E_GUEST_TRAP'],
  ['shout', undefined],
  ['answer', undefined],
];

/**
 * A guest is stopped after five seconds; a thread that it held up would stand still for all of them, on the slowest machine too. Turns
 * of the event loop do not show that: a guest that floods the thread leaves it as few of them as one that holds it up.
 */
const MOST_STILL_MS = 4_500;

/** Sessions that run when the deed is done. */
const CHILDREN = 3;

/** The plugin's own worker beside the other component. */
before(() => {
  const files = readdirSync(DIST).filter((file) => file.endsWith('.js'));
  for (const file of files) cpSync(new URL(file, DIST), new URL(file, HOSTILE));
  const component = new URL('component/', HOSTILE);
  const sha256 = (file: string) => createHash('sha256').update(readFileSync(new URL(file, component))).digest('hex');
  const pins = readdirSync(component).filter((file) => /\.(js|wasm)$/.test(file));
  const pinned = Object.fromEntries(pins.map((file) => [file, sha256(file)]));
  writeFileSync(new URL('pins.json', HOSTILE), JSON.stringify({ files: pinned }));
  writeFileSync(new URL('package.json', HOSTILE), '{ "type": "module" }');
});

/** What comes of a call: its reply, or the code of what broke it off. Afterwards nothing is left. */
async function outcome(worker: URL, what: Call, openclaw: FakeOpenClaw): Promise<any> {
  const host = openclaw.host();
  try {
    const { val } = await call(worker, what, host, () => {});
    return { reply: JSON.parse(val) };
  } catch (error) {
    assert.ok(error instanceof Broken, String(error));
    return { code: error.code };
  } finally {
    assert.deepEqual(await host.close(), []);
    assert.deepEqual(openclaw.live(), []);
  }
}

function run(count: number, more: object = {}): Call {
  const task = { agent_type: 'code_reviewer', task_description: 'Say it.', output_format: 'text', ...more };
  const request = { tasks: Array.from({ length: count }, () => task), retries: 0, corrections: 0 };
  return { function: 'run_tasks', arguments: JSON.stringify(request) };
}

describe('a component that misbehaves', { concurrency: 2 }, () => {
  for (const [deed, code] of DEEDS) {
    test(deed, async () => {
      const openclaw = new FakeOpenClaw();
      openclaw.answer = undefined;
      let [last, longest] = [performance.now(), 0];
      const beat = () => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      };
      const pulse = setInterval(beat, 50);
      const found = await outcome(HOSTILE_WORKER, { function: 'run_tasks', arguments: `${deed} ${CHILDREN}` }, openclaw);
      clearInterval(pulse);
      beat();
      assert.equal(found.code, code);
      assert.equal(openclaw.sessions.length, CHILDREN);
      assert.ok(longest < MOST_STILL_MS, `the gateway's thread stood still for ${longest} ms`);
      // The next call is as good as ever.
      const { reply } = await outcome(WORKER, run(2), new FakeOpenClaw());
      assert.equal(reply.status, 'completed');
    });
  }
});

test('a host function may fail at any call', async () => {
  const counted = new FakeOpenClaw();
  let all = 0;
  counted.spoil = () => void (all += 1);
  assert.equal((await outcome(WORKER, run(2), counted)).reply.status, 'completed');
  assert.ok(all >= 4, `${all} calls`);
  await Promise.all(
    Array.from({ length: all }, async (_, at) => {
      const openclaw = new FakeOpenClaw();
      let calls = 0;
      openclaw.spoil = () => {
        calls += 1;
        if (calls === at + 1) throw new Error('a plain error');
      };
      const { reply } = await outcome(WORKER, run(2), openclaw);
      assert.ok(calls > at, `call ${at + 1} was never made`);
      for (const { status, error } of reply.results)
        assert.ok(status === 'completed' || error.code.startsWith('E_'), JSON.stringify(reply));
    }),
  );
});

test('an import may fail at any call', async () => {
  /** The plugin's worker, whose imports fail from a call on. */
  const failing = (from: number) => {
    const code = `
      import { parentPort } from 'node:worker_threads';
      const post = parentPort.postMessage.bind(parentPort);
      let calls = 0;
      parentPort.postMessage = (said) => {
        if (++calls >= ${from}) throw new Error('a broken import');
        post(said);
      };
      await import(${JSON.stringify(WORKER.href)});`;
    return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  };
  let whole = 1;
  const codes = new Set<string>();
  for (;; whole += 1) {
    const { reply, code } = await outcome(failing(whole), run(2), new FakeOpenClaw());
    if (reply) break;
    codes.add(code);
  }
  assert.ok(whole > 10, `${whole - 1} calls are too few to fail at`);
  assert.deepEqual([...codes], ['E_GUEST_TRAP']);
});

test('of an answer of a megabyte the beginning and the end are kept, and a longer one is cut', async () => {
  const openclaw = new FakeOpenClaw();
  const one = `BEGIN${'abcdefghij'.repeat(100_000)}END`;
  openclaw.answer = one;
  const { status, output: kept } = (await outcome(WORKER, run(1), openclaw)).reply.results[0];
  assert.equal(status, 'completed');
  assert.match(kept, /^BEGINabc[^]*bytes left out[^]*hijEND$/);
  assert.ok(kept.length < 70_000, `${kept.length} characters were kept`);

  openclaw.answer = JSON.stringify({ text: one });
  const { reply } = await outcome(WORKER, run(1, { output_format: 'json' }), openclaw);
  assert.equal(reply.results[0].error.code, 'E_OUTPUT_TOO_LARGE');

  // Cut at the contract's limit, it is no success.
  openclaw.answer = `BEGIN${'abcdefghij'.repeat(500_000)}END`;
  const { error, output } = (await outcome(WORKER, run(1), openclaw)).reply.results[0];
  assert.equal(error.code, 'E_OUTPUT_TRUNCATED');
  assert.match(output, /^BEGINabc/);
});

test('JSON of ten thousand levels is refused and not followed', async () => {
  const deep = 10_000;
  for (const answer of [
    '['.repeat(deep) + ']'.repeat(deep),
    '{"a":'.repeat(deep) + '1' + '}'.repeat(deep),
    '['.repeat(deep),
  ]) {
    const openclaw = new FakeOpenClaw();
    openclaw.answer = answer;
    const { reply } = await outcome(WORKER, run(1, { output_format: 'json' }), openclaw);
    assert.equal(reply.results[0].error.code, 'E_OUTPUT_TOO_DEEP', answer.slice(0, 9));
  }
});
