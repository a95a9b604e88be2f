/** What carries a run out: the component in a thread of this gateway, or a cluster. A run is followed in the same way in both cases. */

import type { Answered, ItemResult, Progress } from './contract.ts';
import type { SessionLog, TaskLog } from './page.ts';
import type { RunRecord, Store } from './store.ts';

/** What a carrier gets of its run. */
export interface Parts {
  /** What is known of the run, for a carrier that has to write something down before it goes on. */
  record: RunRecord;
  store: Store | undefined;
  seen: { sessions: SessionLog; tasks: TaskLog };
  /** To be called before anything is asked of anybody: from then on there is a run to come back to. */
  began(): void;
  /** Nothing was begun after all, and nothing is kept of it. */
  nothing(): void;
  warn(message: string): void;
}

/** Who hears of a run while it lasts. */
export interface Listeners {
  progress(progress: Progress): void;
  item(item: ItemResult): void;
  /** The run is to be left as it is. */
  cut: AbortSignal;
}

export interface Carrier {
  /** Milliseconds since the run began. */
  readonly nowMs: number;
  /** How many tasks are in which status, where that is known without hearing of each task. */
  readonly counts: Record<string, number> | undefined;
  /** Why nothing new is known of it at the moment; undefined if all is well. */
  readonly trouble: string | undefined;
  /** Runs it to its end. Throws `Broken` if there is none. */
  carry(listeners: Listeners): Promise<Answered>;
  /** Has it stopped, with all of its sessions. It still comes to its end. */
  stop(reason: string): void;
  /** Keeps what was told of a task. */
  heard(progress: Progress): void;
  /** Does nothing more, and leaves every session as it is. */
  leave(): void;
  /** Ends what still lives after its end; the sessions that could not be stopped. */
  close(): Promise<string[]>;
}

export type MakesCarrier = (parts: Parts) => Carrier;
