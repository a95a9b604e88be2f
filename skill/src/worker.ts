/**
 * The thread that the component lives in: passes its imports on to the gateway's thread, takes
 * secrets out of what comes back, and decides nothing.
 */

import { clean } from './clean.ts';
import { eventCame, waitForEvents } from './component_timers.ts';
import type { Call, Component, DocumentReply, Event, Said } from './contract.ts';
import { call } from './functions.ts';
import { gatewayPort, givenCall } from './in_thread.ts';
import { append } from './journal.ts';
import { wholeLines } from './lines.ts';
import { component, load } from './pinned.ts';

const port = gatewayPort();

/** Results of more characters get their digest in a thread of their own, where there is more memory for it. */
const MOST_DIGESTED = 1_000_000;

waitForEvents();
const parallelAgents = await component<Component>('parallel_agents.js');

/** Of the call, which comes when all is loaded. */
let journal: Call['journal'];

const say = (said: Said) => port.postMessage(said);

/** Only what spawns has results of tasks. */
let hasSpawned = false;

/** Passes an event on; what a session said goes back to be kept, now that no secret is in it. */
function heard(event: Event): Event {
  if (event.what.tag === 'session-ended') {
    const { session, completion } = event.what.val;
    if (completion) say({ kind: 'answer', session, answer: { text: completion.text, truncated: completion.truncated } });
  }
  return event;
}

const imports = {
  'parallel-agents:skill/sessions': {
    sessionsSpawn: (request, options) => {
      hasSpawned = true;
      say({ kind: 'spawn', request, options });
    },
    sessionsList: (request, filter) => say({ kind: 'list', request, filter }),
    sessionsHistory: (request, query) => say({ kind: 'history', request, query }),
    sessionsCancel: (request, session) => say({ kind: 'cancel', request, session }),
    sessionsAttach: (request, session) => say({ kind: 'attach', request, session }),
    sessionsDelete: (request, session) => say({ kind: 'delete', request, session }),
  },
  'parallel-agents:skill/events': {
    nextEvent: (untilMs) =>
      new Promise<Event>((resolve) => {
        port.once('message', (event: Event) => {
          resolve(heard(clean(event)));
          eventCame();
        });
        say({ kind: 'next', untilMs });
      }),
    reportProgress: (progress) => say({ kind: 'progress', progress }),
    reportItem: (item) => say({ kind: 'item', item }),
  },
  'parallel-agents:skill/journal': {
    append: (lines) => {
      if (journal) append(journal, lines);
    },
  },
} satisfies Parameters<Component['instantiate']>[1];

/** The digest of a result, here where the component is compiled already. Never rejects: without it the result stands. */
async function digestOf(given: DocumentReply, digest: Call['digest']): Promise<DocumentReply | undefined> {
  if (!hasSpawned || digest === undefined || given.tag !== 'answer' || given.val.length > MOST_DIGESTED) return undefined;
  try {
    const { functions } = await parallelAgents.instantiate(load, imports);
    return await call(functions, 'result_digest', `${digest.slice(0, -1)},"report":${given.val}}`);
  } catch {
    return undefined;
  }
}

// Each call has an instance of its own: the contract allows no second one after a call that spawns.
const { functions, journals } = await parallelAgents.instantiate(load, imports);
const given = await givenCall<Call>();
journal = given.journal;
const { resume } = given;
const reply = await (journal && resume ? journals.resume(wholeLines(journal)) : call(functions, given.function, given.arguments));
const made = await digestOf(reply, given.digest);
say({ kind: 'reply', reply: made ? { ...reply, digest: made } : reply });
