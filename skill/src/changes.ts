/**
 * Records by their names, in the order in which they were first heard of, that can tell what has changed in them since somebody
 * looked: a page of a run asks again and again, and is told only that.
 */

/** What has changed, with the place of each record in the order of all. */
export interface Changed<T> {
  records: [place: number, record: T][];
  /** As far as these tell: what is asked for next time. */
  upTo: number;
}

export class Changes<T> {
  readonly #records = new Map<string, { place: number; record: T }>();
  /** The number of the last change of each, in the order of these. */
  readonly #last = new Map<string, number>();
  #count = 0;

  /** How often something has changed. */
  get count(): number {
    return this.#count;
  }

  get all(): T[] {
    return [...this.#records.values()].map(({ record }) => record);
  }

  get(name: string): T | undefined {
    return this.#records.get(name)?.record;
  }

  has(name: string): boolean {
    return this.#records.has(name);
  }

  set(name: string, record: T): void {
    const place = this.#records.get(name)?.place ?? this.#records.size;
    this.#records.set(name, { place, record });
    this.#last.delete(name);
    this.#last.set(name, (this.#count += 1));
  }

  /** The records that have changed after the change of this number, those that changed longest ago first; at most so many. */
  since(change: number, most: number): Changed<T> {
    const records: [number, T][] = [];
    let upTo = this.#count;
    for (const [name, last] of change < this.#count ? this.#last : []) {
      if (last <= change) continue;
      if (records.length === most) break;
      const known = this.#records.get(name);
      if (known) records.push([known.place, known.record]);
      upTo = last;
    }
    return { records, upTo };
  }
}
