/** One call of the component, in a thread of its own that is ended whatever happens. */

import { AsyncLocalStorage } from 'node:async_hooks';

import type { Answered, Call, ItemResult, Progress, Said } from './contract.ts';
import type { Host } from './host.ts';
import { makeReady, takeThread } from './threads.ts';

/** What runs the component. */
export const WORKER = new URL('../dist/worker.js', import.meta.url);

/** Loading and compiling the component may take this many looks, one a second. */
const START_LOOKS = 60;
/** Between an event and the wait for the next one there is only the component's own computing, whatever it asks for. */
const SILENT_LOOKS = 5;
/** What may be asked for between two events; a run with 1,000 sessions that is stopped asks for some thousand things. */
const MOST_ASKED = 10_000;
/** What may be told; a run of 10,000 items that is stopped tells of each task and each item, which takes the host less time. */
const MOST_TOLD = 30_000;

export const CUT_OFF = 'an update of the plugin or the end of the gateway cut it off';

/** A run did not come to an end by itself. The codes of the component are those of the simulator. */
export class Broken extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Why a thread is gone that gave no reply. */
function endOf(broke: Error | undefined): Broken {
  if (!broke) return new Broken('E_GUEST_REPLY', 'the component ended without a reply');
  return new Broken('E_GUEST_TRAP', `the component broke off: ${broke.message}`);
}

/** Runs the call, until it ends or is cut off. Throws `Broken`; the host has to be closed or left in any case. */
export async function call(
  worker: URL,
  call: Call,
  host: Pick<Host, 'next' | 'perform' | 'answered'>,
  onProgress: (progress: Progress) => void,
  onItem: (item: ItemResult) => void = () => {},
  cut?: AbortSignal,
): Promise<Answered> {
  const thread = await takeThread(worker);
  let looks: NodeJS.Timeout | undefined;
  let left = START_LOOKS;
  let [asked, told] = [0, 0];
  let broke: Error | undefined;
  try {
    return await new Promise<Answered>((resolve, reject) => {
      // The thread may have been made in another call, whose authority over sessions is not this one's.
      const hear = AsyncLocalStorage.bind(async (said: Said): Promise<void> => {
        if (said.kind === 'reply') return resolve(said.reply);
        const tells = said.kind === 'progress' || said.kind === 'item' || said.kind === 'answer';
        if (tells ? (told += 1) > MOST_TOLD : (asked += 1) > MOST_ASKED) throw new Broken('E_GUEST_STUCK', 'the component asked without end and was stopped');
        if (said.kind === 'progress') return onProgress(said.progress);
        if (said.kind === 'item') return onItem(said.item);
        if (said.kind === 'answer') return host.answered(said.session, said.answer);
        if (said.kind !== 'next') return host.perform(said);
        // Now it waits, and silence is right.
        left = Infinity;
        [asked, told] = [0, 0];
        const event = await host.next(said.untilMs);
        left = SILENT_LOOKS;
        thread.postMessage(event);
      });
      const cutOff = () => reject(new Broken('E_CUT_OFF', CUT_OFF));
      cut?.addEventListener('abort', cutOff);
      if (cut?.aborted) cutOff();
      thread.on('message', (said: Said) => void hear(said).catch(reject));
      // The error may overtake what was said before it, answers among that; the exit comes after all of it.
      thread.on('error', (error) => (broke = error));
      thread.on('exit', () => reject(endOf(broke)));
      // Looks are counted and not time, so that a gateway that is busy itself does not take the component for stuck.
      looks = setInterval(() => {
        left -= 1;
        if (left < 0) reject(new Broken('E_GUEST_STUCK', 'the component did not answer and was stopped'));
      }, 1_000);
      thread.postMessage(call);
    });
  } finally {
    clearInterval(looks);
    // What it still has to say would be carried out after the host was closed, and nobody would clean up after it.
    thread.removeAllListeners('message');
    void thread.terminate();
    void makeReady(worker);
  }
}
