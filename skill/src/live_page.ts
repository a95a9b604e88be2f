/** What the pages of runs show: the list of all runs, and each run while it lasts, when it was cut off, and when it has ended. */

import { createHash, randomBytes } from 'node:crypto';

import type { PluginApi } from './openclaw.ts';
import { type SessionLog, type SessionRecord, type TaskLog, ownPart } from './page.ts';
import { readableStore } from './retention.ts';
import { runs } from './runs.ts';
import type { RunRecord, Store } from './store.ts';

/** Rows of the list; older runs are left out. */
const MOST_ROWS = 200;

const COMMAND = '/parallel_agents';

/** Tasks, and sessions, in one answer: some 300 KiB. A page that has not seen more of a large run asks again at once. */
const MOST_RECORDS = 1_000;

/** A document for a page, and what has to change before there is another one. */
interface Shown {
  revision: string;
  /** What the page is told beside the revision, as fields of a JSON object; undefined: it has seen all there is. */
  news: string | undefined;
  /** Milliseconds since the call began. */
  nowMs: number;
}

/** What is known of a run without a report. */
interface Known {
  sessions: SessionLog;
  tasks: TaskLog;
  nowMs: number;
}

/** All runs, newest first. `seen`: the revision that the page has. */
export function listDocument(api: PluginApi, seen: string | null): Shown {
  const live = new Map(runs.all().map((run) => [run.record.run_id, run]));
  const stored = readableStore(api)?.list() ?? [];
  const records = [...[...live.values()].map(({ record }) => record), ...stored.filter(({ run_id }) => !live.has(run_id))];
  records.sort((left, right) => right.started.localeCompare(left.started));
  const rows = records.slice(0, MOST_ROWS).map((record) => {
    const { run_id, function: name, started, owner, counts } = record;
    const last = live.get(run_id)?.seen?.tasks.last;
    const progress = last && { ended: last.ended, running: last.running, total: last.total };
    const state = stateOf(record);
    return { run_id, function: name, started, state, session: owner, counts, progress, command: commandsOf(run_id, state)[0]?.[1] };
  });
  const text = JSON.stringify({ format: 1, runs: rows });
  const revision = createHash('sha256').update(text).digest('base64url').slice(0, 22);
  return { revision, news: revision === seen ? undefined : `"document":${text}`, nowMs: 0 };
}

/** One run, as far as a page has not seen it; undefined if there is none of that name. */
export function runDocument(api: PluginApi, id: string, revision: string | null): Shown | undefined {
  const run = runs.all().find(({ record }) => record.run_id === id);
  if (run?.seen) return liveDocument(run.record, run.seen, revision);
  const store = readableStore(api);
  const record = run?.record ?? store?.record(id);
  if (!record) return undefined;
  const reply = run?.reply ?? store?.result(id);
  if (reply) {
    if (revision === ENDED) return { revision, news: undefined, nowMs: 0 };
    const [name, about] = [record.function, aboutOf(record)].map((value) => JSON.stringify(value));
    const sessions = JSON.stringify((store ? kept(store, id).sessions.records : []).map(withoutTexts));
    const document = `{"format":1,"function":${name},"report":${reply.val},"sessions":${sessions},"about":${about}}`;
    return { revision: ENDED, news: `"document":${document}`, nowMs: 0 };
  }
  return store && liveDocument(record, kept(store, id), revision);
}

/** The revision of a run that has a report. */
const ENDED = 'ended';

/** What was read last of a run that nobody runs, while there is memory for it: a page takes it in parts. */
let lastRead: { name: string; known: WeakRef<Known> } | undefined;

function kept(store: Store, id: string): Known {
  const name = `${id}-${store.seenStamp(id)}`;
  const read = lastRead?.name === name ? lastRead.known.deref() : undefined;
  if (read) return read;
  const [sessions, tasks] = [store.log(id), store.tasks(id)];
  const known = { sessions, tasks, nowMs: Math.max(sessions.lastMs, tasks.last?.at_ms ?? 0) };
  // What is read again counts as it did before.
  names.set(sessions, name);
  lastRead = { name, known: new WeakRef(known) };
  return known;
}

/** The sessions of a run, while it lasts and afterwards. */
function logOf(api: PluginApi, id: string): SessionLog | undefined {
  const store = readableStore(api);
  const seen = runs.all().find(({ record }) => record.run_id === id)?.seen;
  return seen?.sessions ?? (store?.record(id) && kept(store, id).sessions);
}

/** The labels of the sessions of a run in whose task or answer some of these words are, each with the places of those words. */
export function sessionsWith(api: PluginApi, id: string, words: string[]): [label: string, places: number[]][] {
  const wanted = words.map((word) => word.toLowerCase());
  const found = (logOf(api, id)?.records ?? []).map(({ label, prompt, answer }): [string, number[]] => {
    const text = `${ownPart(prompt)}\n${answer ?? ''}`.toLowerCase();
    return [label, wanted.flatMap((word, place) => (text.includes(word) ? [place] : []))];
  });
  return found.filter(([, places]) => places.length > 0);
}

/** What one session of a run was asked or said. */
export function textOf(api: PluginApi, id: string, label: string, part: string): string | null {
  const record = logOf(api, id)?.of(label);
  return (part === 'prompt' ? record?.prompt : part === 'answer' ? record?.answer : null) ?? null;
}

/**
 * What has become known of a run without a report since a revision, a bounded part of it; texts of sessions are read one by one.
 * A revision names the logs and how far they were told: those of another process are told from the beginning.
 */
function liveDocument(record: RunRecord, { sessions, tasks, nowMs }: Known, seen: string | null): Shown {
  const { ended = 0, running = 0, total = 0 } = tasks.last ?? {};
  const state = stateOf(record);
  const name = nameOf(sessions);
  const [log, , heardOf, heard] = (seen ?? '').split('.');
  const goesOn = log === name;
  const [fromSession, fromTask] = goesOn ? [Number(heardOf) || 0, Number(heard) || 0] : [0, 0];
  const [newSessions, newTasks] = [sessions.since(fromSession, MOST_RECORDS), tasks.since(fromTask, MOST_RECORDS)];
  const revision = [name, state, newSessions.upTo, newTasks.upTo, `${ended}-${running}-${total}`].join('.');
  if (revision === seen) return { revision, news: undefined, nowMs };
  const document = {
    format: 1,
    function: record.function,
    live: { state, now_ms: nowMs, ended, running, total },
    about: aboutOf(record),
  };
  const changed = {
    goes_on: goesOn,
    more: newSessions.upTo < sessions.changes || newTasks.upTo < tasks.changes,
    document,
    tasks: newTasks.records,
    sessions: newSessions.records.map(([place, session]) => [place, withoutTexts(session)]),
  };
  return { revision, news: JSON.stringify(changed).slice(1, -1), nowMs };
}

/** Names of logs: the changes of one are no changes of another. */
const names = new WeakMap<SessionLog, string>();

function nameOf(log: SessionLog): string {
  const name = names.get(log) ?? randomBytes(9).toString('base64url');
  names.set(log, name);
  return name;
}

function withoutTexts({ prompt, answer, ...record }: SessionRecord): object {
  return { ...record, prompt_chars: prompt.length, answer_chars: answer?.length ?? 0 };
}

function aboutOf(record: RunRecord): object {
  const { run_id, owner, items } = record;
  return { run_id, session: owner, opens_sessions: true, back: '?', items, commands: commandsOf(run_id, stateOf(record)) };
}

/** A run that is said to be running and that nobody here runs was cut off by a restart. */
function stateOf({ run_id, state }: RunRecord): RunRecord['state'] | 'interrupted' {
  return state === 'running' && !runs.isLive(run_id) ? 'interrupted' : state;
}

/** What a person can do about a run, and the line by which its session does it. The page itself may only read. */
function commandsOf(id: string, state: ReturnType<typeof stateOf>): [string, string][] {
  if (state === 'running') return [['Stop it', `${COMMAND} cancel ${id}`]];
  if (state === 'done') return [];
  return [['Continue it', `${COMMAND} resume ${id}`]];
}
