/** What happens, as one ordered stream of events with the host's time; it decides nothing. */

import type { Event, EventKind } from './contract.ts';
import { MAX_TIMER_MS } from './timeouts.ts';

export class Stream {
  readonly #queue: EventKind[];
  #deliver: ((what: EventKind) => void) | undefined;
  #seq = 0n;
  #lastMs = 0;

  constructor(first: EventKind) {
    this.#queue = [first];
  }

  /** The next event; never rejects. Only one may be waited for at a time. */
  async next(untilMs: bigint | undefined): Promise<Event> {
    const what = this.#queue.shift() ?? (await this.#nextKind(untilMs));
    const least = what.tag === 'timer-fired' ? Number(untilMs ?? 0n) : 0;
    this.#lastMs = Math.max(this.#lastMs, Math.floor(performance.now()), least);
    return { seq: this.#seq++, atMs: BigInt(this.#lastMs), what };
  }

  push(what: EventKind): void {
    if (this.#deliver) this.#deliver(what);
    else this.#queue.push(what);
  }

  /** Ends the wait for an event, as if its time were over. */
  fireTimer(): void {
    this.#deliver?.({ tag: 'timer-fired' });
  }

  #nextKind(untilMs: bigint | undefined): Promise<EventKind> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      this.#deliver = (what) => {
        clearTimeout(timer);
        this.#deliver = undefined;
        resolve(what);
      };
      if (untilMs === undefined) return;
      const millis = Math.max(0, Number(untilMs) - performance.now());
      timer = setTimeout(() => this.fireTimer(), Math.min(millis, MAX_TIMER_MS));
    });
  }
}
