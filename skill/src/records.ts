/**
 * What is written down of one run: that it began, the receipts of its sessions, what these were asked and said.
 *
 * A run goes on when nothing more of it can be kept, so nothing here throws: what fails is warned about once.
 */

import type { Progress, Receipt, SessionEnd, SpawnOptions } from './contract.ts';
import { SessionLog, type TaskLog } from './page.ts';
import { errorText } from './values.ts';

/** The receipts of a run by their idempotency keys, as far as they are kept beyond this process. */
export interface Receipts {
  known: Map<string, Receipt>;
  /** Called before the component hears of the receipt. */
  keep(key: string, receipt: Receipt): void;
}

/** Who keeps what; nobody where an entry is missing. */
export interface Keepers {
  receipts?: Receipts;
  /** Told of every session. */
  log?: SessionLog;
  /** Told where every task stands. */
  tasks?: TaskLog;
  /** Called once, before the first request is carried out. */
  began?(): void;
  /** Told of what goes wrong beside the run. */
  warn?(message: string): void;
}

export class Records {
  readonly #keepers: Keepers;
  readonly #log: SessionLog;
  #began = false;
  #failed = false;

  constructor(keepers: Keepers) {
    this.#keepers = keepers;
    this.#log = keepers.log ?? new SessionLog();
  }

  /** The receipts of sessions that an earlier call of this run spawned, by their idempotency keys. */
  get known(): Map<string, Receipt> {
    return this.#keepers.receipts?.known ?? new Map();
  }

  /** A request is about to be carried out. */
  began(): void {
    if (this.#began) return;
    this.#began = true;
    this.#try(() => this.#keepers.began?.());
  }

  asked(options: SpawnOptions, atMs: number): void {
    this.#try(() => this.#log.asked(options, atMs));
  }

  accepted({ label, idempotencyKey }: SpawnOptions, receipt: Receipt): void {
    this.#try(() => this.#log.accepted(label, receipt.sessionKey));
    this.#try(() => this.#keepers.receipts?.keep(idempotencyKey, receipt));
  }

  started(session: string, atMs: number): void {
    this.#try(() => this.#log.started(session, atMs));
  }

  ended(end: SessionEnd, atMs: number): void {
    this.#try(() => this.#log.ended(end, atMs));
  }

  heard(progress: Progress, atMs: number): void {
    this.#try(() => this.#keepers.tasks?.heard(progress, atMs));
  }

  answered(session: string, answer: { text: string; truncated: boolean }): void {
    this.#try(() => this.#log.answered(session, answer));
  }

  /** For what goes wrong where nobody waits for an answer. */
  warn(message: string): void {
    this.#keepers.warn?.(message);
  }

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!this.#failed) this.warn(`something of a run could not be kept, and it goes on: ${errorText(error)}`);
      this.#failed = true;
    }
  }
}
