/** In which turn a call is made, whatever ids the models give. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { callName, rememberTurn, runOf } from '../src/turns.ts';

const OWN = 'parallel_agents_run';
const TOOLS = new Set([OWN]);
const ID = 'functions.parallel_agents_run:0';

const called = (sessionKey: string | undefined, runId: string, toolName = OWN, toolCallId = ID) =>
  rememberTurn({ toolName, toolCallId, runId }, { sessionKey }, TOOLS);

test('equal ids in two sessions are two calls, each of its own turn and once', () => {
  const sessions = ['agent:main:one', 'agent:main:other', undefined];
  sessions.forEach((session, number) => called(session, `turn ${number}`));
  assert.deepEqual(sessions.map((session) => runOf(callName(session, ID))), ['turn 0', 'turn 1', 'turn 2']);
  assert.deepEqual(sessions.map((session) => runOf(callName(session, ID))), [undefined, undefined, undefined]);
});

test('calls of other tools push none out', () => {
  called('agent:main:one', 'a turn');
  for (let number = 0; number < 2_000; number += 1) called('agent:main:other', 'another', 'exec', `call-${number}`);
  assert.equal(runOf(callName('agent:main:other', 'call-1999')), undefined);
  assert.equal(runOf(callName('agent:main:one', ID)), 'a turn');
});
