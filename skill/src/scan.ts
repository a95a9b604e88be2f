/** Searching a text so that the work grows with its length alone. */

/** Characters of a kind, as a table for ASCII. All others are none of them. */
export class CharSet {
  readonly #has = new Uint8Array(128);

  constructor(...parts: string[]) {
    for (const part of parts) {
      const isRange = part.length === 3 && part[1] === '-';
      const [first, last] = [part.charCodeAt(0), part.charCodeAt(2)];
      const codes = isRange
        ? Array.from({ length: last - first + 1 }, (_, at) => first + at)
        : Array.from(part, (char) => char.charCodeAt(0));
      for (const code of codes) this.#has[code] = 1;
    }
  }

  has(code: number): boolean {
    return this.#has[code] === 1;
  }
}

/** A text that is searched. `steps` counts the characters that were looked at, for tests. */
export class Scan {
  readonly text: string;
  steps = 0;
  readonly #runs = new Map<object, { from: number; to: number }>();

  constructor(text: string) {
    this.text = text;
  }

  /**
   * Where the run of characters of a set ends that begins at or before `at`. A run is walked once for each `reader`,
   * however many beginnings of secrets lie in it.
   */
  runEnd(set: CharSet, at: number, reader: object = set): number {
    const known = this.#runs.get(reader);
    if (known && known.from <= at && at <= known.to) return known.to;
    let to = at;
    while (to < this.text.length && set.has(this.text.charCodeAt(to))) to += 1;
    this.steps += to - at + 1;
    this.#runs.set(reader, { from: at, to });
    return to;
  }

  /** A part of at most so many characters. */
  part(from: number, to: number, most: number): string {
    const end = Math.min(to, from + most);
    this.steps += Math.max(0, end - from);
    return this.text.slice(from, end);
  }
}
