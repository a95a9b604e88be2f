// Every request over every route: it is answered once, whatever the gateway gives.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Completions } from '../src/completion.ts';
import type { Command } from '../src/contract.ts';
import { Gateway } from '../src/gateway.ts';
import type { Sessions } from '../src/sessions.ts';
import { Subagents } from '../src/subagent.ts';
import { outcome, spawn } from './commands.ts';
import { FakeOpenClaw } from './openclaw.ts';

const SPOILS: [string, () => unknown][] = [
  [
    'an error',
    () => {
      throw new Error('something else');
    },
  ],
  [
    'undefined',
    () => {
      throw undefined;
    },
  ],
  [
    'an object without a prototype',
    () => {
      throw Object.create(null);
    },
  ],
  ['an empty answer', () => ({})],
  ['a number', () => 7],
  [
    'wrong types',
    () => ({
      details: { status: 1, childSessionKey: [], sessions: 'x', completed: 3, deleted: 'yes' },
      messages: 3,
      id: {},
    }),
  ],
];
/** Every request of the contract, about a session of this host. */
const REQUESTS: Record<Command['kind'], (session: string) => Command> = {
  spawn: () => spawn(2n, 'another key'),
  list: () => ({ kind: 'list', request: 2n, filter: { offset: 0, limit: 10 } }),
  history: (sessionKey) => ({ kind: 'history', request: 2n, query: { sessionKey, offset: 0, limit: 10, includeTools: true } }),
  cancel: (session) => ({ kind: 'cancel', request: 2n, session }),
  attach: (session) => ({ kind: 'attach', request: 2n, session }),
  delete: (session) => ({ kind: 'delete', request: 2n, session }),
};

/** A route, and the gateway's calls behind each request. Without any, the route answers by itself. */
interface RouteCase {
  sessions(openclaw: FakeOpenClaw): Sessions;
  calls: Record<Command['kind'], string[]>;
  /** Calls whose answer is not looked at, so that only a throw is a failure. */
  blind: string[];
}
const ROUTES: Record<string, RouteCase> = {
  'session tools': {
    sessions: (openclaw) => new Gateway(openclaw.around(), () => openclaw.tools()),
    calls: {
      spawn: ['sessions_spawn'],
      list: ['sessions_list'],
      history: ['messages'],
      cancel: ['resolve', 'cancel'],
      attach: ['subagents'],
      delete: ['sessions_list', 'sessions'],
    },
    blind: [],
  },
  'sub-agents': {
    sessions: (openclaw) => new Subagents(openclaw.generous()),
    calls: {
      spawn: ['run'],
      list: [],
      history: ['messages'],
      cancel: ['resolve', 'cancel'],
      attach: [],
      delete: ['deleteSession'],
    },
    blind: ['deleteSession'],
  },
  completions: {
    sessions: (openclaw) => new Completions(openclaw.generous(), new Gateway(openclaw.around(), () => openclaw.tools())),
    // What becomes of the call itself is told as the end of its session.
    calls: { spawn: ['complete'], list: ['sessions_list'], history: [], cancel: [], attach: [], delete: [] },
    blind: ['complete'],
  },
};

for (const [route, { sessions, calls, blind }] of Object.entries(ROUTES)) {
  for (const [name, command] of Object.entries(REQUESTS)) {
    for (const [what, spoil] of SPOILS) {
      test(`${route}: ${name} is answered once when the gateway gives ${what}`, async () => {
        const behind = calls[name as Command['kind']];
        for (const spoilt of behind.length > 0 ? behind : ['nothing']) {
          const openclaw = new FakeOpenClaw();
          openclaw.answer = undefined;
          const host = openclaw.host(sessions(openclaw));
          const next = async () => (await host.next(undefined)).what;
          await next();
          host.perform(spawn(1n));
          const made = outcome(await next(), 1n);
          assert.ok(made.tag === 'ok' && made.val.tag === 'spawned');
          assert.equal((await next()).tag, 'session-started');
          openclaw.spoil = (call) => (call === spoilt ? spoil() : undefined);
          host.perform(command(made.val.val.sessionKey));
          const first = await next();
          // Before a session is told to be stopped, what it had said is.
          const answer = outcome(name === 'cancel' && first.tag === 'session-ended' ? await next() : first, 2n);
          if (behind.length > 0 && !blind.includes(spoilt)) assert.equal(answer.tag, 'err', spoilt);
          openclaw.spoil = () => undefined;
          const after = (await host.next(0n)).what.tag;
          assert.ok(['timer-fired', 'session-started', 'session-ended'].includes(after), `${after} may not follow`);
          assert.deepEqual(await host.close(), []);
          assert.deepEqual(openclaw.live(), []);
        }
      });
    }
  }
}
