import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { EventKind } from '../src/contract.ts';
import { Gateway } from '../src/gateway.ts';
import { SessionLog } from '../src/page.ts';
import { PAUSE_MS } from '../src/timeouts.ts';
import { KEY, outcome, settled, spawn } from './commands.ts';
import { FakeOpenClaw } from './openclaw.ts';

/** A host after its first event, and what takes the following ones, checked for their numbers. */
async function open(openclaw: FakeOpenClaw) {
  const host = openclaw.host();
  let seq = 0n;
  const next = async (): Promise<EventKind> => {
    const event = await host.next(undefined);
    assert.equal(event.seq, seq++);
    return event.what;
  };
  assert.deepEqual(await next(), {
    tag: 'opened',
    val: { name: 'openclaw', seed: 7n, maxConcurrent: 4, reportsStarts: true, keepsJournal: false },
  });
  return { host, next };
}

for (const hasty of [false, true]) {
  test(`a session is told of by its receipt, its start, its end (${hasty ? 'hasty' : 'orderly'} gateway)`, async () => {
    const openclaw = new FakeOpenClaw();
    openclaw.hasty = hasty;
    const { host, next } = await open(openclaw);
    host.perform(spawn(1n));
    const receipt = { sessionKey: KEY, runId: 'run-0', appliedModel: 'sim/standard', toolFree: false };
    assert.deepEqual(outcome(await next(), 1n), { tag: 'ok', val: { tag: 'spawned', val: receipt } });
    assert.deepEqual(await next(), { tag: 'session-started', val: KEY });
    const completion = { text: 'an answer', truncated: false, finish: 'stop' };
    const usage = { inputTokens: 10n, outputTokens: 2n };
    assert.deepEqual(await next(), {
      tag: 'session-ended',
      val: { session: KEY, outcome: { tag: 'completed' }, completion, usage, model: 'sim/standard' },
    });
    host.perform({
      kind: 'history',
      request: 2n,
      query: { sessionKey: KEY, offset: 0, limit: 1, includeTools: false },
    });
    const page = outcome(await next(), 2n);
    assert.ok(
      page.tag === 'ok' &&
        page.val.tag === 'history' &&
        page.val.val.hasMore &&
        page.val.val.messages[0]?.text === 'an answer',
    );
    host.perform({ kind: 'delete', request: 3n, session: KEY });
    assert.deepEqual(outcome(await next(), 3n), { tag: 'ok', val: { tag: 'deleted' } });
    assert.deepEqual(await host.close(), []);
  });
}

test('an end that nobody tells of is found', async () => {
  for (const events of [true, false]) {
    const openclaw = new FakeOpenClaw();
    openclaw.silent = true;
    const around = openclaw.around();
    const runtime = events ? openclaw.runtime : { ...openclaw.runtime, events: undefined };
    const host = openclaw.host(new Gateway({ ...around, runtime }, () => openclaw.tools(), 1));
    await host.next(undefined);
    host.perform(spawn(1n));
    const tags = [];
    while (tags.at(-1) !== 'session-ended') tags.push((await host.next(undefined)).what.tag);
    assert.equal(tags[0], 'answered');
    assert.deepEqual(await host.close(), []);
  }
});

test('a session that is told to have ended and goes on hides no other', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  openclaw.silent = true;
  const host = openclaw.host(new Gateway(openclaw.around(), () => openclaw.tools(), 1));
  for (const request of [1n, 2n]) host.perform(spawn(request, `key ${request}`));
  const told = [];
  while (told.length < 5) told.push((await host.next(undefined)).what.tag);
  const [one, other] = openclaw.sessions;
  openclaw.tell({ stream: 'lifecycle', data: { phase: 'error' }, sessionKey: one?.key, runId: one?.runId });
  openclaw.end(other!);
  const { what } = await host.next(undefined);
  assert.ok(what.tag === 'session-ended' && what.val.session === other?.key);
  await host.close();
});

test('a text that could not be read whole is marked as cut', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.spoil = (call) => {
    if (call === 'messages') throw new Error('no');
  };
  const { host, next } = await open(openclaw);
  host.perform(spawn(1n));
  await next();
  await next();
  const end = await next();
  assert.ok(end.tag === 'session-ended');
  assert.deepEqual(end.val.completion, { text: 'an a…', truncated: true, finish: 'unknown' });
  await host.close();
});

test('equal keys are one session', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const { host, next } = await open(openclaw);
  for (const request of [1n, 2n]) host.perform(spawn(request));
  assert.deepEqual(outcome(await next(), 1n), outcome(await next(), 2n));
  assert.equal(openclaw.sessions.length, 1);
  assert.equal((await next()).tag, 'session-started');
  assert.deepEqual(await host.close(), []);
  assert.deepEqual(openclaw.live(), []);
});

test('a cancelled session ends once', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  const { host, next } = await open(openclaw);
  host.perform(spawn(1n));
  await next();
  await next();
  for (const request of [2n, 3n]) host.perform({ kind: 'cancel', request, session: KEY });
  const told = [await next(), await next(), await next()];
  assert.deepEqual(told.map((what) => what.tag).sort(), ['answered', 'answered', 'session-ended']);
  host.stop('first');
  host.stop('second');
  assert.deepEqual(await next(), { tag: 'stop-requested', val: { reason: 'first' } });
  assert.equal((await host.next(0n)).what.tag, 'timer-fired');
  await host.close();
});

for (const [tag, details] of Object.entries({
  exhausted: { status: 'forbidden', error: 'sessions_spawn reached tools.swarm.maxTotalPerGroup (9/9).' },
  'at-capacity': { status: 'forbidden', error: 'sessions_spawn reached tools.swarm.maxChildrenPerGroup (7/7).' },
  forbidden: { status: 'forbidden', error: 'agentId is not allowed for sessions_spawn (allowed: main)' },
  invalid: { status: 'error', error: 'sessions_spawn model "nosuch/zzz" is not usable: Unknown model: nosuch/zzz' },
  busy: { status: 'error', error: 'Failed to register subagent run: Queued subagent registry persistence failed' },
  'in-doubt': { status: 'accepted' },
})) {
  test(`a refused spawn is told as ${tag}`, async () => {
    const openclaw = new FakeOpenClaw();
    openclaw.spoil = (call) => (call === 'sessions_spawn' ? { details } : undefined);
    const { host, next } = await open(openclaw);
    host.perform(spawn(1n));
    const refused = outcome(await next(), 1n);
    assert.equal(refused.tag === 'err' && refused.val.tag, tag);
    await host.close();
  });
}

test('ends that are nonsense leave the gateway its time', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const openclaw = new FakeOpenClaw();
  openclaw.answer = undefined;
  let waits = 0;
  openclaw.spoil = (call) =>
    call === 'agents_wait' ? (waits++, { details: { completed: [{}], errors: [7] } }) : undefined;
  const host = openclaw.host(new Gateway(openclaw.around(), () => openclaw.tools(), 1));
  host.perform(spawn(1n));
  for (const _ of ['opened', 'answered', 'session-started']) await host.next(undefined);
  const passes = async (millis: number) => {
    context.mock.timers.tick(millis);
    await settled();
  };
  for (let looks = 0; looks < 10; looks++) await passes(1);
  assert.equal(waits, 1, 'nobody asks before a pause is over');
  await passes(PAUSE_MS);
  await passes(1);
  assert.equal(waits, 2);
  context.mock.timers.reset();
  await host.close();
});

const pending = { completed: [], pending: ['run-0'] };
const failed = (error: string) => ({ completed: [{ runId: 'run-0', status: 'failed', error }] });
for (const [answer, how] of [
  [pending, 'lists as failed and tells no end of'],
  [failed('subagent run lost active execution context'), 'has lost'],
  [failed('Pending input ownership ended; submit a new turn to continue'), 'wants to go on with'],
] as const) {
  test(`a session that a restarted gateway ${how} was cut off by the restart`, async () => {
    const openclaw = new FakeOpenClaw();
    const receipt = { sessionKey: KEY, runId: 'run-0', appliedModel: 'sim/standard', toolFree: false };
    openclaw.sessions.push({ key: KEY, runId: 'run-0', prompt: '', status: 'failed' });
    openclaw.spoil = (call) => (call === 'agents_wait' ? { details: answer } : undefined);
    const sessions = new Gateway(openclaw.around(), () => openclaw.tools(), 20);
    const host = openclaw.host(sessions, { receipts: { known: new Map([['key', receipt]]), keep: () => {} } });
    const next = async () => (await host.next(undefined)).what;
    assert.equal((await next()).tag, 'opened');
    host.perform({ kind: 'attach', request: 1n, session: KEY });
    assert.deepEqual(outcome(await next(), 1n), { tag: 'ok', val: { tag: 'attached', val: receipt } });
    if (answer === pending) host.perform({ kind: 'list', request: 2n, filter: { offset: 0, limit: 10 } });
    const end = await next();
    assert.ok(end.tag === 'session-ended' && end.val.outcome.tag === 'interrupted', end.tag);
    await host.close();
  });
}

test('a run goes on when nothing of it can be kept, and that is warned about once', async () => {
  const openclaw = new FakeOpenClaw();
  const full = () => {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  };
  const warnings: string[] = [];
  const log = new SessionLog([], full);
  const options = { log, receipts: { known: new Map(), keep: full }, began: full };
  const host = openclaw.host(undefined, { ...options, warn: (message) => warnings.push(message) });
  const next = async () => (await host.next(undefined)).what;
  assert.equal((await next()).tag, 'opened');
  for (const request of [1n, 2n]) {
    host.perform(spawn(request, `key ${request}`));
    assert.equal(outcome(await next(), request).tag, 'ok');
    assert.equal((await next()).tag, 'session-started');
    const end = await next();
    assert.ok(end.tag === 'session-ended' && end.val.completion?.text === 'an answer', end.tag);
  }
  openclaw.answer = undefined;
  host.perform(spawn(3n, 'another key'));
  const [answer, start] = [await next(), await next()];
  assert.deepEqual([outcome(answer, 3n).tag, start.tag], ['ok', 'session-started']);
  host.perform({ kind: 'cancel', request: 4n, session: openclaw.live()[0] ?? '' });
  const told = [await next(), await next()];
  assert.deepEqual(told.map(({ tag }) => tag).sort(), ['answered', 'session-ended']);
  assert.equal((await host.next(0n)).what.tag, 'timer-fired', 'a request is answered once');
  assert.deepEqual(await host.close(), []);
  assert.equal(warnings.length, 1, warnings.join('\n'));
  assert.match(warnings[0] ?? '', /could not be kept.*ENOSPC/);
});

for (const stays of [false, true]) {
  const fate = stays ? 'could not be stopped' : 'was stopped';
  test(`a session whose receipt comes after the end is told of: it ${fate}`, async (context) => {
    const openclaw = new FakeOpenClaw();
    openclaw.answer = undefined;
    const slow = Promise.withResolvers<object>();
    openclaw.spoil = (call) => (call === 'sessions_spawn' ? slow.promise : undefined);
    const warned = Promise.withResolvers<string>();
    const host = openclaw.host(undefined, { warn: warned.resolve });
    await host.next(undefined);
    host.perform(spawn(1n));
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const closed = host.close();
    context.mock.timers.tick(5_000);
    assert.deepEqual(await closed, []);
    context.mock.timers.reset();
    openclaw.spoil = (call) => {
      if (call === 'cancel' && stays) throw new Error('no');
    };
    openclaw.sessions.push({ key: KEY, runId: 'run-0', prompt: '', status: 'running' });
    slow.resolve({ details: { status: 'accepted', childSessionKey: KEY, runId: 'run-0' } });
    assert.match(await warned.promise, new RegExp(`${fate}: ${KEY}`));
    assert.deepEqual(openclaw.live(), stays ? [KEY] : []);
  });
}
