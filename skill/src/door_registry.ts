/**
 * What became of every key that was given to the door: a file of JSON lines in the gateway's state directory, to which a line
 * is added before anything is done. It outlives runs, loads of the plugin and the gateway.
 *
 * Half a line at the end is what a crash leaves, and what it was about had not begun. A line in the middle that cannot be read
 * may have been anybody's, so nobody can tell any more which keys are new: then the door does nothing at all.
 */

import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Completion } from './completion.ts';
import type { Receipt } from './contract.ts';
import { appendLines, wholeLines } from './lines.ts';
import { Refused } from './openclaw_mapping.ts';
import { isPruneDue } from './retention.ts';
import { errorText, fields, text } from './values.ts';

const DAY_MS = 86_400_000;

/** A refusal of the door's own. */
export class DoorError extends Refused {
  readonly code: string;
  readonly hint: string | undefined;
  constructor(code: string, tag: Refused['tag'], message: string, hint?: string) {
    super(tag, message);
    this.code = code;
    this.hint = hint;
  }
}

/** One thing that is known of a key. */
type Note =
  /** Written before the spawn. `print` tells one request from another, `group` is where the gateway counts the session. */
  | { what: 'asked'; print: string; label: string; group: string }
  | { what: 'receipt'; receipt: Receipt }
  /** The gateway plainly said no, so the key is as new. */
  | { what: 'refused' }
  /** Whatever is spawned under this key is to be stopped. */
  | { what: 'cancelled' }
  | { what: 'ended'; outcome: string }
  | { what: 'deleted' };

export interface Entry {
  asked?: { print: string; label: string; group: string };
  receipt?: Receipt;
  cancelled: boolean;
  ended: boolean;
  deleted: boolean;
  /** It was asked for before this process began, or nobody has asked for it yet. */
  earlier: boolean;
  /** When something of it was last written down, in milliseconds since 1970. */
  at: number;
}

/** What all loads of the plugin in this process have in common. */
interface Shared {
  entries: Map<string, Entry>;
  /** Spawns that are under way. */
  flights: Map<string, { print: string; receipt: Promise<Receipt> }>;
  /** Groups of which the gateway says that they are used up. */
  fullGroups: Set<string>;
  /** Sessions that run, as far as the gateway has told. */
  running: Set<string>;
  /** Called when a session begins to run. */
  wakes: Set<() => void>;
  completions: Map<string, Completion>;
}

const shared = ((globalThis as { [key: symbol]: unknown })[Symbol.for('parallel-agents.door')] ??= new Map()) as Map<string, Shared>;

export class DoorRegistry {
  readonly shared: Shared;
  readonly #file: string;

  private constructor(file: string, state: Shared) {
    this.#file = file;
    this.shared = state;
  }

  /** Reads the file, once in a process. Then, and from time to time, entries that are over and older than so many days are removed. */
  static open(stateDirectory: string, days: number, now = Date.now()): DoorRegistry {
    const file = join(stateDirectory, 'parallel-agents', 'door', 'keys.jsonl');
    const known = shared.get(file);
    const state: Shared = known ?? { entries: read(file), flights: new Map(), fullGroups: new Set(), running: new Set(), wakes: new Set(), completions: new Map() };
    if (isPruneDue(file, now) || !known) prune(file, state.entries, now - days * DAY_MS);
    shared.set(file, state);
    return new DoorRegistry(file, state);
  }

  get(key: string): Entry | undefined {
    return this.shared.entries.get(key);
  }

  /** Sessions that are alive or may be. One that was cancelled and that nobody has seen is stopped when it is seen, and takes no room. */
  get live(): [string, Entry][] {
    return [...this.shared.entries].filter(([key, entry]) => entry.asked && !entry.ended && !this.isUnseen(key));
  }

  /** It was cancelled after its spawn, of which nobody knows what became. */
  isUnseen(key: string): boolean {
    const entry = this.get(key);
    return Boolean(entry?.cancelled && entry.asked && !entry.receipt && !entry.ended && !this.shared.flights.has(key));
  }

  /** The key of a session. */
  keyOf(session: string): string | undefined {
    return [...this.shared.entries].find(([, { receipt }]) => receipt?.sessionKey === session)?.[0];
  }

  /** Writes something down; only then does it count. Throws if it cannot be written, and then nothing is changed. */
  note(key: string, note: Note): void {
    const at = Date.now();
    // Of these two the door has promised that a crash cannot take them back.
    const isPromise = note.what === 'asked' || note.what === 'cancelled';
    guarded(this.#file, () => append(this.#file, line(key, note, at), isPromise));
    apply(this.shared.entries, key, note, at, false);
  }

  /** The same for what has happened already: it counts in this process, and the reason why it could not be kept comes back. */
  keep(key: string, note: Note): string | undefined {
    try {
      this.note(key, note);
    } catch (error) {
      apply(this.shared.entries, key, note, Date.now(), false);
      return errorText(error);
    }
    return undefined;
  }

  /** The group for the next session: the last one, until it is used up. Undefined: a new one is needed. */
  group(most: { all: number; live: number }): string | undefined {
    const groups = [...this.shared.entries.values()].filter(({ asked }) => asked);
    const last = groups.at(-1)?.asked?.group;
    if (last === undefined || this.shared.fullGroups.has(last)) return undefined;
    const members = groups.filter(({ asked }) => asked?.group === last);
    const live = members.filter(({ ended }) => !ended).length;
    return members.length < most.all && live < most.live ? last : undefined;
  }
}

/** Nothing can come of it any more. A spawn of this process without a receipt may still be under way, or in doubt. */
function isOver({ asked, receipt, ended, deleted, earlier }: Entry): boolean {
  return ended || deleted || !asked || (!receipt && earlier);
}

/** Forgets what is over since then or longer. If the file cannot be written it throws, and nothing is changed. */
function prune(file: string, entries: Map<string, Entry>, until: number): void {
  const old = new Set([...entries].flatMap(([key, entry]) => (isOver(entry) && entry.at <= until ? [key] : [])));
  if (old.size === 0) return;
  guarded(file, () => rewrite(file, new Map([...entries].filter(([key]) => !old.has(key)))));
  for (const key of old) entries.delete(key);
}

function apply(entries: Map<string, Entry>, key: string, note: Note, at: number, earlier: boolean): void {
  const entry = entries.get(key) ?? { cancelled: false, ended: false, deleted: false, earlier, at };
  switch (note.what) {
    case 'asked': {
      const { print, label, group } = note;
      entry.asked = { print, label, group };
      entry.earlier = earlier;
      // The last one in the order of the map was asked for last.
      entries.delete(key);
      break;
    }
    case 'receipt':
      entry.receipt = note.receipt;
      break;
    case 'refused':
      if (!entry.cancelled) return void entries.delete(key);
      delete entry.asked;
      break;
    case 'cancelled':
      entry.cancelled = true;
      break;
    case 'ended':
      entry.ended = true;
      break;
    case 'deleted':
      entry.ended = entry.deleted = true;
      break;
  }
  entry.at = at;
  entries.set(key, entry);
}

function line(key: string, note: Note, at: number): string {
  return `${JSON.stringify({ at, key, ...note })}\n`;
}

function append(file: string, text: string, isPromise: boolean): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendLines(file, text, isPromise);
}

function read(file: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const lines = guarded(file, () => (existsSync(file) ? wholeLines(file) : '')).split('\n').slice(0, -1);
  for (const [index, text] of lines.entries()) {
    const said = parsed(text);
    if (!said) throw unusable(file, `line ${index + 1} cannot be read`);
    apply(entries, said.key, said.note, said.at, true);
  }
  return entries;
}

/** In one step, so that a crash leaves the old file or the new one, and what the door has promised in both. */
function rewrite(file: string, entries: Map<string, Entry>): void {
  const lines = [...entries].flatMap(([key, entry]) => notes(entry).map((note) => line(key, note, entry.at)));
  writeFileSync(`${file}.new`, lines.join(''), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

function notes({ asked, receipt, cancelled, ended, deleted }: Entry): Note[] {
  return [
    ...(asked ? [{ what: 'asked' as const, ...asked }] : []),
    ...(receipt ? [{ what: 'receipt' as const, receipt }] : []),
    ...(cancelled ? [{ what: 'cancelled' as const }] : []),
    ...(ended ? [{ what: 'ended' as const, outcome: '' }] : []),
    ...(deleted ? [{ what: 'deleted' as const }] : []),
  ];
}

function parsed(line: string): { key: string; at: number; note: Note } | undefined {
  try {
    const said = fields(JSON.parse(line));
    const [key, at] = [text(said['key']), Number(said['at'])];
    const note = noteIn(said);
    return key && Number.isSafeInteger(at) && note ? { key, at, note } : undefined;
  } catch {
    return undefined;
  }
}

function noteIn(said: Record<string, unknown>): Note | undefined {
  const { what } = said;
  switch (what) {
    case 'asked': {
      const [print, label, group] = [text(said['print']), text(said['label']), text(said['group'])];
      return print && label && group ? { what, print, label, group } : undefined;
    }
    case 'receipt': {
      const { sessionKey, runId, appliedModel, toolFree } = fields(said['receipt']);
      const names = [text(sessionKey), text(runId)];
      if (!names[0] || !names[1]) return undefined;
      return { what, receipt: { sessionKey: names[0], runId: names[1], appliedModel: text(appliedModel), toolFree: toolFree === true } };
    }
    case 'ended':
      return { what, outcome: text(said['outcome']) ?? '' };
    case 'refused':
    case 'cancelled':
    case 'deleted':
      return { what };
  }
  return undefined;
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof DoorError ? error : unusable(file, errorText(error));
  }
}

function unusable(file: string, why: string): DoorError {
  const hint = 'the operator puts it right or moves the file away; then sessions that were asked for before are no longer known by their keys';
  return new DoorError('E_DOOR_REGISTRY', 'unavailable', `the list of keys ${file} cannot be used: ${why}`, hint);
}
