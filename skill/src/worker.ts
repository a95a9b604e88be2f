/** The thread that the component lives in: passes its imports on to the gateway's thread, and decides nothing. */

import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';

import type { Call, Component, DocumentReply, Event, Said } from './contract.ts';

const port = parentPort;
if (!port) throw new Error('this file is started as a worker');

const place = new URL('./component/', import.meta.url);
const component = (await import(new URL('parallel_agents.js', place).href)) as Component;
const modules = new Map<string, Promise<WebAssembly.Module>>();

function load(path: string): Promise<WebAssembly.Module> {
  let module = modules.get(path);
  if (!module) {
    module = readFile(new URL(path, place)).then((bytes) => WebAssembly.compile(bytes));
    modules.set(path, module);
  }
  return module;
}

const say = (said: Said) => port.postMessage(said);

const imports = {
  'parallel-agents:skill/sessions': {
    sessionsSpawn: (request, options) => say({ kind: 'spawn', request, options }),
    sessionsList: (request, filter) => say({ kind: 'list', request, filter }),
    sessionsHistory: (request, query) => say({ kind: 'history', request, query }),
    sessionsCancel: (request, session) => say({ kind: 'cancel', request, session }),
    sessionsWatch: (request, session) => say({ kind: 'watch', request, session }),
    sessionsDelete: (request, session) => say({ kind: 'delete', request, session }),
  },
  'parallel-agents:skill/events': {
    nextEvent: (untilMs) =>
      new Promise<Event>((resolve) => {
        port.once('message', resolve);
        say({ kind: 'next', untilMs });
      }),
    reportProgress: (progress) => say({ kind: 'progress', progress }),
  },
  'parallel-agents:skill/journal': {
    // Never called: the facts of this host say that it keeps no journal.
    append: () => {},
  },
} satisfies Parameters<Component['instantiate']>[1];

/** Each call has an instance of its own: the contract allows no second one after a call that spawns. */
async function call(name: string, document: string): Promise<DocumentReply> {
  const { documents } = await component.instantiate(load, imports);
  return documents.call(name, document);
}

const { function: name, arguments: document } = workerData as Call;
say({ kind: 'reply', reply: await call(name, document) });
