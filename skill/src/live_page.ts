/** What the pages of runs show: the list of all runs, and each run while it lasts, when it was cut off, and when it has ended. */

import type { PluginApi } from './openclaw.ts';
import { type SessionLog, type SessionRecord, type TaskLog, document } from './page.ts';
import { readableStore } from './retention.ts';
import { runs } from './runs.ts';
import type { RunRecord } from './store.ts';

/** Rows of the list; older runs are left out. */
const MOST_ROWS = 200;

const COMMAND = '/parallel_agents';

/** A document for a page, and what has to change before there is another one. */
export interface Shown {
  revision: string;
  document: string;
  /** Milliseconds since the call began. */
  nowMs: number;
}

/** All runs, newest first. */
export function listDocument(api: PluginApi): Shown {
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
  return { revision: text, document: text, nowMs: 0 };
}

/** One run; undefined if there is none of that name. */
export function runDocument(api: PluginApi, id: string): Shown | undefined {
  const run = runs.all().find(({ record }) => record.run_id === id);
  if (run?.seen) return liveDocument(run.record, run.seen);
  const store = readableStore(api);
  const record = run?.record ?? store?.record(id);
  if (!record) return undefined;
  const reply = run?.reply ?? store?.result(id);
  if (reply) {
    const text = document(record.function, reply.val, store?.log(id).records ?? [], `,"about":${JSON.stringify(aboutOf(record))}`);
    return { revision: 'ended', document: text, nowMs: 0 };
  }
  const seen = store && { sessions: store.log(id), tasks: store.tasks(id) };
  if (!seen) return undefined;
  return liveDocument(record, { ...seen, nowMs: Math.max(seen.sessions.lastMs, seen.tasks.last?.at_ms ?? 0) });
}

/** What one session of a run was asked or said. */
export function textOf(api: PluginApi, id: string, label: string, part: string): string | null {
  const log = runs.all().find(({ record }) => record.run_id === id)?.seen?.sessions ?? readableStore(api)?.log(id);
  const record = log?.records.find((record) => record.label === label);
  return (part === 'prompt' ? record?.prompt : part === 'answer' ? record?.answer : null) ?? null;
}

/** What is known of a run without a report. It is asked for again and again, so the texts of sessions are read one by one. */
function liveDocument(record: RunRecord, { sessions, tasks, nowMs }: { sessions: SessionLog; tasks: TaskLog; nowMs: number }): Shown {
  const { ended = 0, running = 0, total = 0 } = tasks.last ?? {};
  const state = stateOf(record);
  const shown = {
    format: 1,
    function: record.function,
    live: { state, now_ms: nowMs, ended, running, total, tasks: tasks.records },
    sessions: sessions.records.map(withoutTexts),
    about: aboutOf(record),
  };
  return { revision: `${state} ${sessions.changes} ${tasks.changes}`, document: JSON.stringify(shown), nowMs };
}

function withoutTexts({ prompt, answer, ...record }: SessionRecord): object {
  return { ...record, prompt_chars: prompt.length, answer_chars: answer?.length ?? 0 };
}

function aboutOf(record: RunRecord): object {
  const { run_id, owner } = record;
  return { run_id, session: owner, opens_sessions: true, back: '?', commands: commandsOf(run_id, stateOf(record)) };
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
