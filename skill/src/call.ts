/** One call of the component, in a thread of its own that is ended whatever happens. */

import { Worker } from 'node:worker_threads';

import type { Call, DocumentReply, Progress, Said } from './contract.ts';
import type { Host } from './host.ts';

/** Node has no other bound on what a call may use; the component's own memory is limited when it is linked. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };
/** Loading and compiling the component may take this many looks, one a second. */
const START_LOOKS = 60;
/** Between an event and the next word of the component there is only its own computing. */
const SILENT_LOOKS = 5;

/** The component did not come to an end by itself. */
export class Broken extends Error {}

/** Runs the call. Throws `Broken`; the host has to be closed in any case. */
export async function call(
  worker: URL,
  call: Call,
  host: Pick<Host, 'next' | 'perform'>,
  onProgress: (progress: Progress) => void,
): Promise<DocumentReply> {
  const thread = new Worker(worker, { workerData: call, execArgv: [], resourceLimits: HEAP });
  let looks: NodeJS.Timeout | undefined;
  let left = START_LOOKS;
  try {
    return await new Promise<DocumentReply>((resolve, reject) => {
      const hear = async (said: Said): Promise<void> => {
        left = SILENT_LOOKS;
        if (said.kind === 'reply') return resolve(said.reply);
        if (said.kind === 'progress') return onProgress(said.progress);
        if (said.kind !== 'next') return host.perform(said);
        // Now it waits, and silence is right.
        left = Infinity;
        const event = await host.next(said.untilMs);
        left = SILENT_LOOKS;
        thread.postMessage(event);
      };
      thread.on('message', (said: Said) => void hear(said).catch(reject));
      thread.on('error', (error) => reject(new Broken(`the component broke off: ${error.message}`)));
      thread.on('exit', () => reject(new Broken('the component ended without a reply')));
      // Looks are counted and not time, so that a gateway that is busy itself does not take the component for stuck.
      looks = setInterval(() => {
        left -= 1;
        if (left < 0) reject(new Broken('the component did not answer and was stopped'));
      }, 1_000);
    });
  } finally {
    clearInterval(looks);
    await thread.terminate();
  }
}
