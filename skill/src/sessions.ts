/** What a route to sub-sessions can do. Methods may throw anything; `Host` makes an answer of it. */

import type { Problem } from './config.ts';
import type { HostFacts, ListFilter, Receipt, SessionPage, SpawnOptions } from './contract.ts';
import { FIRST, type Runtime, type ToolContext } from './openclaw.ts';
import { Refused } from './openclaw_mapping.ts';
import type { Spoken } from './transcript.ts';
import { type Fields, fields, text } from './values.ts';

export interface Sessions {
  spawn(options: SpawnOptions): Promise<Receipt>;
  /** Waits until at least one of the runs has ended; what it says of those that have. Empty: none has, ask again. */
  ends(runIds: string[], signal: AbortSignal): Promise<Fields[]>;
  /** The whole transcript, oldest message first, no text cut. */
  messages(session: string): Promise<Spoken[]>;
  list(filter: ListFilter): Promise<SessionPage>;
  cancel(runId: string): Promise<void>;
  delete(session: string): Promise<void>;
  /** The receipt of a session that the host still knows; for one that was spawned before a restart. */
  find(session: string): Promise<Receipt>;
  /** Tells `listener` the key of every session that begins to run. Returns what ends that. */
  onStart(listener: (session: string) => void): () => void;
}

/** The turn that a run was asked for in. */
interface Turn {
  /** With it, stopping the turn also stops the sessions. */
  runId: string | undefined;
  /** The call has returned, and what the turn may do is no longer this run's to use. */
  over: boolean;
}

export interface Surroundings {
  runtime: Runtime;
  context: ToolContext;
  turn: Turn;
  /** Runs something outside of the turn: when that is over or was stopped, the host takes requests only from there. */
  outside: <T>(work: () => T) => T;
}

/** The way in which one call spawns its sessions. */
export interface Route {
  around: Surroundings;
  sessions: Sessions;
  /** Why there is none; `sessions` then refuses everything. */
  problem?: Problem;
}

/** Sessions that OpenClaw runs at once where its configuration names no number. */
const DEFAULT_WIDTH = 8;

interface Wishes {
  seed: bigint;
  /** The operator's own cap. */
  maxConcurrent: number;
  keepsJournal: boolean;
  limits?: HostFacts['limits'];
}

export function facts({ runtime, context }: Surroundings, wishes: Wishes): HostFacts {
  const config = fields(context.getRuntimeConfig?.());
  const swarm = fields(fields(config['tools'])['swarm'])['maxConcurrent'];
  const lane = fields(fields(fields(config['agents'])['defaults'])['subagents'])['maxConcurrent'];
  const isWidth = (width: unknown): width is number => Number.isSafeInteger(width) && Number(width) >= 1;
  const widths = [swarm, lane].map((width) => (isWidth(width) ? width : DEFAULT_WIDTH));
  const reportsStarts = runtime.events?.onAgentEvent !== undefined;
  const maxConcurrent = Math.min(...widths, wishes.maxConcurrent);
  return { name: 'openclaw', ...wishes, maxConcurrent, reportsStarts };
}

export function onStart(around: Surroundings, listener: (session: string) => void): () => void {
  return onLife(around, (phase, session) => phase === 'start' && listener(session));
}

type Life = (phase: string, session: string, runId: string | undefined) => void;

/** Tells `listener` of every session that begins a run (`start`) or ends one (`end`, `error`). Returns what ends that. */
export function onLife({ runtime }: Pick<Surroundings, 'runtime'>, listener: Life): () => void {
  const stop = runtime.events?.onAgentEvent?.((event) => {
    const { stream, data, sessionKey, runId } = fields(event);
    const [phase, session] = [text(fields(data)['phase']), text(sessionKey)];
    if (stream === 'lifecycle' && phase && session) listener(phase, session, text(runId));
  });
  return stop ?? (() => {});
}

/** Tells `listener` that the turn a run was asked for in is stopped, also when the call has long returned. */
export function onStop({ runtime, turn }: Surroundings, listener: () => void): () => void {
  const stop = runtime.events?.onAgentEvent?.((event) => {
    const { stream, data, runId } = fields(event);
    const { phase, aborted, stopReason } = fields(data);
    // A turn that gives way to the next message is not one that somebody wanted stopped.
    const stopped = phase === 'end' && aborted === true && stopReason !== 'superseded';
    if (stream === 'lifecycle' && stopped && turn.runId !== undefined && runId === turn.runId) listener();
  });
  return stop ?? (() => {});
}

/**
 * Reads and ends sessions in the surroundings of the first load. Those of a load that an update has brought are the surroundings of
 * the command that asked for it, and OpenClaw answers no such call there when the command has ended ("Gateway client authority
 * closed"). It does answer `agents_wait` there, and not in those of the first load.
 */
export function withoutClient<T>(work: () => Promise<T>): Promise<T> {
  const first = (globalThis as { [key: symbol]: unknown })[FIRST] as typeof withoutClient<T> | undefined;
  return first ? first(work) : work();
}

/** What the host's list of tasks says of a run, as it is seen from the session that it belongs to. */
async function taskOf({ runtime, outside }: Surroundings, owner: string, runId: string): Promise<Fields> {
  const task = await outside(() => runtime.tasks.async.runs.bindSession({ sessionKey: owner }).resolve(runId));
  if (task === undefined || task === null) throw new Refused('not-found', 'the host knows no such run');
  return fields(task);
}

/** Stops a run. One that had already ended counts as stopped. */
export async function cancelTask(around: Surroundings, owner: string, runId: string): Promise<void> {
  const taskId = text((await taskOf(around, owner, runId))['id']);
  if (!taskId) throw new Refused('in-doubt', 'the host does not name the task of the session');
  const cfg = around.context.getRuntimeConfig?.();
  const runs = around.runtime.tasks.runs.bindSession({ sessionKey: owner });
  if (fields(await around.outside(() => runs.cancel({ taskId, cfg })))['cancelled'] === true) return;
  const status = text((await taskOf(around, owner, runId))['status']);
  if (status === undefined || status === 'queued' || status === 'running')
    throw new Refused('busy', 'the host did not stop the session');
}

/** The same for `agents_wait` and its kin: what became of a run that they know nothing of any more. */
export async function endOf(around: Surroundings, owner: string, runId: string): Promise<Fields | undefined> {
  const { status, error } = await taskOf(around, owner, runId);
  switch (status) {
    case 'succeeded':
    case 'completed':
      return { runId, status: 'done' };
    case 'timed_out':
      return { runId, status: 'timeout' };
    case 'cancelled':
      return { runId, status: 'killed' };
    case 'queued':
    case 'running':
      return undefined;
  }
  return { runId, status: 'failed', error: text(error) ?? 'the host no longer knows what became of the session' };
}

/** Rows of an answer. An answer without any is not one that says "none". */
export function rowsOf(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw new Refused('in-doubt', `the answer of the host has no ${name}`);
  return value;
}
