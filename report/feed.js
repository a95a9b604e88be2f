'use strict';
// Where a page of a host gets what it shows: it asks again and again, and is told what has changed.
//
// An answer: {"now_ms"}, and if there is news "revision", which the next question names, and "document". Of a run that goes on, the
// document has neither tasks nor sessions. They are beside it, as far as they have changed: [[place, record]]. "goes_on": false if
// what was told before is of no use any more, "more": true if not all was told at once. To a search it answers {"sessions": [[label,
// the places of the words that its texts have]]}.

/** Where further documents come from. None: the page shows what is in it. */
let feed = null;

/** A text that is read when somebody wants to see it; null if there is none. */
function textLater(label, part, length) {
  if (!length || !feed) return null;
  const read = async () => {
    const answer = await asked(`${feed.texts}&session=${encodeURIComponent(label)}&part=${part}`);
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.text();
  };
  return { length, read };
}

/** Words that a host looks for at once. */
const MOST_WORDS = 16;

/** Which words are in the texts of which sessions, by whoever has the texts: {"found": the labels by word}. Else it throws why not. */
async function findLater(words) {
  const found = new Map(words.map((word) => [word, new Set()]));
  for (let from = 0; from < words.length; from += MOST_WORDS) {
    const part = words.slice(from, from + MOST_WORDS);
    const answer = await asked(`${feed.find}${part.map((word) => `&word=${encodeURIComponent(word)}`).join('')}`).catch(() => null);
    if (!answer) throw new Error(NO_CONNECTION);
    if (!answer.ok) throw Object.assign(new Error(await reasonOf(answer)), { isFinal: answer.status < 500 });
    // Each session with the places of the words that it has.
    for (const [label, places] of (await answer.json()).sessions) for (const place of places) found.get(part[place]).add(label);
  }
  return { found };
}

/** A feed has a key of its own, and is asked for without cookies. */
const ASKING = { cache: 'no-store', credentials: 'omit' };
/** The longest pause between two questions. */
const SLOW_MS = 5_000;
/** A page that is older than this and whose key is not taken is loaded again: whoever lets people in decides anew, and gives it another. */
const OLD_MS = 60_000;

/** Asks the host. If it does not take the key of a page that is old, the page is loaded again and this has no end. */
async function asked(url) {
  const answer = await fetch(url, ASKING);
  if (answer.status !== 401 || performance.now() < OLD_MS) return answer;
  loadAgain();
  return new Promise(() => {});
}

/** What was told so far. */
class Seen {
  revision = '';
  document = null;
  #tasks = [];
  #sessions = [];

  /** Takes an answer. Whether it was the last of those that belong together. */
  take({ revision, document, goes_on: goesOn, more, tasks, sessions, now_ms: nowMs }) {
    if (!document) {
      if (this.document?.live) this.document.live.now_ms = nowMs;
      return true;
    }
    [this.revision, this.document] = [revision, document];
    if (!document.live) return true;
    if (!goesOn) [this.#tasks, this.#sessions] = [[], []];
    for (const [place, task] of tasks) this.#tasks[place] = task;
    for (const [place, session] of sessions) this.#sessions[place] = session;
    if (more) return false;
    document.live.tasks = this.#tasks.filter(Boolean);
    document.sessions = this.#sessions.filter(Boolean);
    return true;
  }
}

const NO_CONNECTION = 'There is no connection.';
/** With one of these there is nothing more to ask for, until somebody comes back to the page: the host may have been starting. */
const FINAL = [403, 404, 410];
/** Of the words in which a host refuses, so many characters are shown. */
const MOST_REASON = 500;

/** What a host said instead of an answer. A page of somebody between it and this one says nothing that fits here. */
async function reasonOf(answer) {
  const isText = answer.headers.get('content-type')?.startsWith('text/plain');
  const words = isText ? (await answer.text()).trim().slice(0, MOST_REASON) : '';
  return words || `The host answered ${answer.status}.`;
}

function notice(words) {
  if (at('notice').textContent !== words) at('notice').textContent = words;
  at('notice').hidden = false;
}

/**
 * Asks a feed for further documents for as long as there may be any, and shows each with its
 * revision. `show` says after how many ms to ask again.
 */
function follow(wanted, show) {
  feed = wanted;
  const seen = new Seen();
  let failures = 0;
  const onReturn = () => document.addEventListener('visibilitychange', ask, { once: true });
  const later = (ms) => setTimeout(() => (document.hidden ? onReturn() : ask()), ms);
  const failed = (why) => {
    failures += 1;
    notice(`${why} What is shown here may be old. Trying again.`);
    later(Math.min(SLOW_MS, 500 * 2 ** failures));
  };
  const ask = async () => {
    let answer, told;
    try {
      answer = await asked(`${feed.url}&rev=${encodeURIComponent(seen.revision)}`);
      told = answer.ok ? await answer.json() : await reasonOf(answer);
    } catch {
      return failed(NO_CONNECTION);
    }
    if (FINAL.includes(answer.status)) {
      notice(told);
      return onReturn();
    }
    if (!answer.ok) return failed(told);
    try {
      const isAll = seen.take(told);
      failures = 0;
      at('notice').hidden = true;
      if (!isAll) return ask();
      const pause = show(seen.document, seen.revision);
      if (pause !== null) later(pause);
    } catch (error) {
      failed(`What the host answered cannot be shown: ${error.message}.`);
    }
  };
  ask();
}
