/** How long this side waits for the gateway, in real time: nothing of OpenClaw's is waited for without an end. */

import { Refused } from './openclaw_mapping.ts';

/** How long the gateway may take to answer a request before it counts as in doubt. */
export const ANSWER_TIMEOUT_MS = 60_000;
/** How long a transcript may take, or an attempt to stop a session that is left over. */
export const SHORT_TIMEOUT_MS = 5_000;
/** How long the transcript of a session may take that was just stopped: the component waits for the answer. */
export const FINAL_TRANSCRIPT_TIMEOUT_MS = 2_000;
/** The pause after an attempt that brought nothing. */
export const PAUSE_MS = 500;
/** The longest time that Node's timers know. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

/** The work's outcome, or `in-doubt` if that takes too long. */
export async function withTimeout<T>(millis: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Refused('in-doubt', `the gateway gave no answer in ${millis / 1000} seconds`)),
      millis,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
