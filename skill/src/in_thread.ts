/** What the code in a thread of `threads.ts` has of the gateway's thread: the way to it, and the call that it is for. */

import { type MessagePort, parentPort } from 'node:worker_threads';

/** The way to the gateway's thread. */
export function gatewayPort(): MessagePort {
  if (!parentPort) throw new Error('this file is started as a worker');
  return parentPort;
}

/** The call that this thread is for; it may come long after the thread was made. */
export function givenCall<T>(): Promise<T> {
  return new Promise((resolve) => gatewayPort().once('message', resolve));
}
