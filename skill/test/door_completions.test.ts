import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SpawnOptions } from '../src/contract.ts';
import { DoorCompletions } from '../src/door_completions.ts';
import { Gateway } from '../src/gateway.ts';
import { message } from '../src/transcript.ts';
import { Program, SESSION } from './door_use.ts';
import { FakeOpenClaw } from './openclaw.ts';

const CONFIG = { door: { session: SESSION }, completionsForToolFree: true };

/** A door whose completions answer when they are told to. */
function program() {
  const program = new Program({ config: CONFIG });
  const answers: ((answer: object) => void)[] = [];
  const complete = (request: any) =>
    new Promise<object>((resolve, reject) => {
      answers.push(resolve);
      request.signal.addEventListener('abort', () => reject(request.signal.reason), { once: true });
    });
  program.openclaw.runtime.llm = { complete };
  const said = (text: string) => answers.shift()?.({ text, stopReason: 'stop', provider: 'sim', model: 'standard' });
  const wait = (...keys: string[]) => program.do({ action: 'wait', keys, started: keys, timeout_seconds: 0 });
  return { program, said, wait, asked: () => answers.length };
}

test('an agent without tools is a completion, once by its key', async () => {
  const { program: door, said, wait, asked } = program();
  const first = await door.spawn('a', { tool_free: true });
  assert.match(first.session_key, /^completion:/);
  assert.deepEqual(await door.spawn('a', { tool_free: true }), first);
  assert.deepEqual([asked(), door.openclaw.sessions.length], [1, 0]);
  assert.deepEqual(await door.do({ action: 'wait', keys: ['a'] }), { ended: [], started: ['a'], unknown: [] });
  assert.deepEqual((await wait('a')).ended, []);
  const told = door.do({ action: 'wait', keys: ['a'], started: ['a'] });
  said('an answer');
  for (const { ended } of [await told, await wait('a')]) {
    assert.deepEqual([ended[0].outcome, ended[0].completion.text], ['completed', 'an answer']);
  }
  const { messages } = await door.do({ action: 'read', key: 'a' });
  assert.deepEqual(messages.map(({ text }: { text: string }) => text), ['Do a.', 'an answer']);
  assert.equal((await door.do({ action: 'delete', key: 'a' })).session_key, first.session_key);
  assert.deepEqual((await wait('a')).unknown, ['a']);
});

test('an agent with tools is a session beside them, and one wait tells of both', async () => {
  const { program: door, said } = program();
  await door.spawn('a', { tool_free: true });
  await door.spawn('b');
  assert.equal(door.openclaw.sessions.length, 1);
  said('an answer');
  const told: string[] = [];
  while (told.length < 2) {
    const keys = ['a', 'b'].filter((key) => !told.includes(key));
    const { ended } = await door.do({ action: 'wait', keys, started: ['a', 'b'] });
    told.push(...ended.map(({ key }: { key: string }) => key));
  }
  assert.deepEqual(told.toSorted(), ['a', 'b']);
});

test('a completion is cancelled by its key, and makes room for the next', async () => {
  const { program: door, wait } = program();
  await door.spawn('a', { tool_free: true });
  assert.equal((await door.do({ action: 'facts' })).load.live, 1);
  await door.do({ action: 'cancel', key: 'a' });
  assert.equal((await wait('a')).ended[0].outcome, 'cancelled');
  assert.equal((await door.do({ action: 'facts' })).load.live, 0);
});

test('completions end with the process that has asked for them', async () => {
  const { program: door, wait, asked } = program();
  const first = await door.spawn('a', { tool_free: true });
  await door.spawn('b', { tool_free: true });
  door.restart();
  // The same key is still the same session, and is not paid for twice.
  assert.deepEqual(await door.spawn('a', { tool_free: true }), first);
  assert.equal(asked(), 2);
  assert.equal((await wait('a')).ended[0].outcome, 'interrupted');
  await door.do({ action: 'cancel', key: 'b' });
  assert.equal((await door.do({ action: 'facts' })).load.live, 0);
  assert.equal((await door.refused({ action: 'read', key: 'a' })).kind, 'not-found');
});

test('the oldest answers are let go when all texts together are too long, and none that is still written', async () => {
  const openclaw = new FakeOpenClaw();
  openclaw.runtime.llm = { complete: () => new Promise(() => {}) };
  const made = new Map(
    ['a', 'b', 'c', 'd'].map((name, index) => {
      const ended = index === 0 ? {} : { ended: { runId: name, status: 'done' } };
      const messages = [message({ role: 'user', content: 'x'.repeat(400) })];
      return [name, { end: Promise.resolve({}), stop: new AbortController(), messages, ...ended }];
    }),
  );
  const around = openclaw.around();
  const completions = new DoorCompletions(around, new Gateway(around, () => openclaw.tools()), made, 1_000);
  const options = { task: 'Say something.', label: 'l', taskName: 't', runTimeoutSeconds: 9, cleanup: 'keep', toolFree: true, idempotencyKey: 'k' };
  const { sessionKey } = await completions.spawn(options as SpawnOptions);
  assert.deepEqual([...made.keys()], ['a', 'd', sessionKey]);
});
