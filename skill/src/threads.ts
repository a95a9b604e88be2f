/**
 * Threads in which the component is loaded, each for one call. Loading takes longer than a short call, so when a call has ended the
 * thread of the next one is made ready. It has seen no call yet: what goes from one to another is the compiled code alone.
 */

import { Worker } from 'node:worker_threads';

import { type Compiled, compiled } from './pinned.ts';

/** Node has no other bound on what a call may use; the component's own memory is limited when it is linked. */
const HEAP = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

/** How long a thread is kept that no call wants; it holds some 20 MB. */
const KEPT_MS = 600_000;

/** The component of a thread, by the thread's file. */
const COMPONENTS: Record<string, string> = { 'worker.js': 'parallel_agents', 'agent_worker.js': 'agent_files' };

const ready = new Map<string, { thread: Worker; forget: () => void }>();

/** No call is expected any more. */
let isOver = false;

/** A thread for one call, which is the first message that it gets. */
export async function takeThread(worker: URL): Promise<Worker> {
  isOver = false;
  const spare = ready.get(worker.href);
  if (!spare) return start(worker, await modulesOf(worker));
  spare.forget();
  spare.thread.ref();
  return spare.thread;
}

/** Has a thread loaded for the next call, unless one is there. */
export async function makeReady(worker: URL): Promise<void> {
  const modules = await modulesOf(worker);
  if (isOver || ready.has(worker.href)) return;
  const thread = start(worker, modules);
  thread.unref();
  // Of what is wrong with it the next call hears, from a thread of its own.
  const end = () => {
    forget();
    void thread.terminate();
  };
  const timer = setTimeout(end, KEPT_MS).unref();
  const forget = () => {
    clearTimeout(timer);
    thread.off('error', end).off('exit', end);
    ready.delete(worker.href);
  };
  thread.once('error', end).once('exit', end);
  ready.set(worker.href, { thread, forget });
}

/** Ends what no call has wanted. */
export function endThreads(): void {
  isOver = true;
  for (const { thread, forget } of [...ready.values()]) {
    forget();
    void thread.terminate();
  }
}

function modulesOf(worker: URL): Promise<Record<string, Compiled>> {
  const component = COMPONENTS[worker.pathname.split('/').at(-1) ?? ''];
  return component ? compiled(component) : Promise.resolve({});
}

function start(worker: URL, modules: Record<string, Compiled>): Worker {
  return new Worker(worker, { workerData: { modules }, execArgv: [], resourceLimits: HEAP });
}
