/** What is cancelled at the door before it has a session, or before anybody has seen that. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { settled } from './commands.ts';
import { Program, SESSION, asked } from './door_use.ts';

test('spawns in doubt that were cancelled take no room, and what appears of them is stopped', async () => {
  const program = new Program({ config: { door: { session: SESSION, maxLive: 1 } } });
  program.openclaw.answer = undefined;
  program.openclaw.spoil = (call) => {
    if (call === 'sessions_spawn') throw new Error('something broke');
  };
  assert.equal((await program.refused(asked('a'))).code, 'E_DOOR_IN_DOUBT');
  assert.equal((await program.refused(asked('b'))).code, 'E_DOOR_FULL');
  assert.deepEqual(await program.do({ action: 'cancel', key: 'a' }), { key: 'a', cancelled: true, session_key: null });
  program.openclaw.spoil = () => undefined;
  await program.openclaw.tools().find(({ name }) => name === 'sessions_spawn')!.execute('late', { task: 'Do a.', label: 'label a' });
  assert.equal((await program.spawn('b')).key, 'b');
  await program.do({ action: 'list' });
  assert.deepEqual(program.openclaw.sessions.map(({ label, status }) => [label, status === 'running']), [['label a', false], ['label b', true]]);
});

test('a key that was cancelled before it was asked for spawns nothing, also after a restart', async () => {
  const program = new Program();
  const gone = { key: 'a', cancelled: true, session_key: null };
  assert.deepEqual(await program.do({ action: 'cancel', key: 'a' }), gone);
  assert.equal((await program.refused(asked('a'))).code, 'E_DOOR_CANCELLED');
  program.restart();
  const error = await program.refused(asked('a'));
  assert.deepEqual([error.code, error.kind, error.retryable], ['E_DOOR_CANCELLED', 'forbidden', false]);
  assert.deepEqual(await program.do({ action: 'cancel', key: 'a' }), gone);
  assert.deepEqual(program.openclaw.sessions, []);
});

test('a session that is cancelled while it is spawned does not go on', async () => {
  const program = new Program();
  program.openclaw.answer = undefined;
  program.openclaw.hasty = true;
  const spawned = program.refused(asked('a'));
  while (program.openclaw.sessions.length === 0) await settled();
  const cancelled = await program.do({ action: 'cancel', key: 'a' });
  assert.equal((await spawned).code, 'E_DOOR_CANCELLED');
  assert.deepEqual([cancelled.session_key, program.openclaw.live()], ['agent:main:subagent:0', []]);
});
