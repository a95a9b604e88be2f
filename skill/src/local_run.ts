/** A run that is carried out here: the component in a thread, with sessions of this gateway. */

import { randomBytes } from 'node:crypto';

import { WORKER, call } from './call.ts';
import type { Carrier, Listeners, MakesCarrier, Parts } from './carrier.ts';
import { type Config, forbidden, limitsOf, unasked } from './config.ts';
import type { Answered, Progress } from './contract.ts';
import { Host } from './host.ts';
import { type Sessions, type Surroundings, facts } from './sessions.ts';

/** What is run, and with what. */
export interface Local {
  function: string;
  /** A JSON document. */
  arguments: string;
  around: Surroundings;
  sessions: Sessions;
  config: Config;
  /** What the reply will need of the result. */
  digest: string;
  /** The journal of a run that was cut off, with which it goes on. */
  journal?: string;
}

export function inThread(local: Local): MakesCarrier {
  return (parts) => new LocalRun(local, parts);
}

class LocalRun implements Carrier {
  /** The component tells of each task. */
  readonly counts = undefined;
  readonly trouble = undefined;
  readonly #local: Local;
  readonly #host: Host;
  /** Where it is written down; undefined where nothing is kept. */
  readonly #journal: string | undefined;

  constructor(local: Local, parts: Parts) {
    const { around, sessions, config } = local;
    const { record, store, seen, began, warn } = parts;
    this.#local = local;
    this.#journal = local.journal ?? store?.place(record.run_id);
    const seed = config.seed === undefined ? randomBytes(8).readBigUInt64LE() : BigInt(config.seed);
    const { maxConcurrent } = config;
    // One that goes on has the limits with which it began, and nobody is asked about it again.
    const limits = limitsOf(record.approved || local.journal !== undefined ? config : unasked(config));
    const wishes = { seed, maxConcurrent, keepsJournal: store !== undefined, limits };
    this.#host = new Host(sessions, facts(around, wishes), {
      receipts: store?.receipts(record.run_id),
      log: seen.sessions,
      tasks: seen.tasks,
      fromMs: Math.max(seen.sessions.lastMs, seen.tasks.last?.at_ms ?? 0),
      forbidden: (asked) => forbidden(config, asked),
      began,
      warn,
    });
  }

  get nowMs(): number {
    return this.#host.nowMs;
  }

  carry({ progress, item, cut }: Listeners): Promise<Answered> {
    const { function: name, arguments: document, journal, digest } = this.#local;
    const given = { function: name, arguments: document, journal: this.#journal, resume: journal !== undefined, digest };
    return call(WORKER, given, this.#host, progress, item, cut);
  }

  stop(reason: string): void {
    this.#host.stop(reason);
  }

  heard(progress: Progress): void {
    this.#host.heard(progress);
  }

  leave(): void {
    this.#host.leave();
  }

  close(): Promise<string[]> {
    return this.#host.close();
  }
}
