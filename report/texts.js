'use strict';
// Searches the texts of sessions where they are. What a task is called and how it ended is searched in the page, see search.js: each
// word may be here or there.

/** So long after the last letter the texts are searched. */
const FIND_PAUSE_MS = 250;
/** So long after something new was told they are searched again. */
const FIND_AGAIN_MS = 2_000;

class TextSearch {
  /** Labels of sessions by the words that are in their texts. */
  found = new Map();
  /** Why they could not be searched; null if they were, or are in the page. */
  problem = null;
  #onFound;
  #words = [];
  #revision;
  #timer = null;
  #hasNews = false;

  /** `onFound()` hears that something was found, or could not be looked for. */
  constructor(onFound) {
    this.#onFound = onFound;
  }

  /** Looks for these words from now on. What is known of them already is kept. */
  look(words) {
    this.#words = words;
    this.found = new Map([...this.found].filter(([word]) => words.includes(word)));
    if (words.length === 0) this.problem = null;
    this.#askIn(FIND_PAUSE_MS);
  }

  /** The page was told as much as this revision says: what is looked for may be in what is new. */
  tell(revision) {
    if (revision === this.#revision) return;
    [this.#revision, this.#hasNews] = [revision, true];
    if (this.#timer === null) this.#askIn(FIND_AGAIN_MS);
  }

  #askIn(ms) {
    clearTimeout(this.#timer);
    this.#timer = this.#words.length > 0 && feed ? setTimeout(() => this.#ask(), ms) : null;
  }

  async #ask() {
    const words = this.#words;
    this.#hasNews = false;
    const answer = await findLater(words).catch((problem) => ({ problem }));
    if (words !== this.#words) return;
    this.found = answer.found ?? this.found;
    this.problem = answer.problem?.message ?? null;
    this.#timer = null;
    if (this.#hasNews) this.#askIn(FIND_AGAIN_MS);
    else if (answer.problem && !answer.problem.isFinal) this.#askIn(SLOW_MS);
    this.#onFound();
  }
}
