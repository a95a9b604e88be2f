/** What the tools give back. `status`, `error` and `timedOut` are words that OpenClaw reads by itself: none is used here. */

import { call } from './call.ts';
import type { Problem } from './config.ts';
import type { DocumentReply } from './contract.ts';
import type { ToolResult } from './openclaw.ts';
import { type Run, WORKER } from './runs.ts';
import type { RunRecord } from './store.ts';
import { type Fields, fields, list } from './values.ts';

/** Below the 16,000 characters to which the gateway cuts a live tool result. */
export const MAX_CHARS = 15_000;

/** The shortest digest that the component makes. */
const LEAST_CHARS = 1_000;

/** The reply's own fields take some of the room. */
const OWN_CHARS = 200;

const NEXT = 'parallel_agents_runs';

/** What a task may be that has not ended; what has ended is read as a result, when the run has. */
const UNFINISHED = ['pending', 'running'];

/** Calls a function of the component that asks nothing of the gateway. */
export function ask(name: string, document: string): Promise<DocumentReply> {
  const nobody = { perform: () => {}, answered: () => {}, next: () => new Promise<never>(() => {}) };
  return call(WORKER, { function: name, arguments: document }, nobody, () => {});
}

export function result(details: object): ToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(details) }], details };
}

export function refused(errors: Problem[] | unknown[], hint?: string): ToolResult {
  return result({ ok: false, state: 'refused', run_id: null, errors, ...(hint ? { hint } : {}) });
}

/** A failure on this side, in the shape in which the component refuses a call. */
export function problem(code: string, message: string, path = '', hint?: string): Problem {
  return { code, path, message, retryable: false, ...(hint ? { hint } : {}) };
}

/** The component's reply: a long report as its digest, and everything else as it is. */
export async function documentReply(reply: DocumentReply, run_id: string | null, maxChars: number): Promise<ToolResult> {
  const document = fields(JSON.parse(reply.val));
  if (reply.tag === 'refused') return refused(list(document['errors']));
  const whole = { ok: true, state: 'done', run_id };
  if (reply.val.length <= maxChars - OWN_CHARS || run_id === null) return result({ ...whole, result: document });
  const short = await shortened(document, Math.max(LEAST_CHARS, maxChars - OWN_CHARS));
  if (!short) return result({ ...whole, result: document });
  const more = `${NEXT} {"action":"page","run_id":"${run_id}","task_id":"…","offset":0}`;
  const all = `${NEXT} {"action":"status","run_id":"${run_id}","max_chars":${reply.val.length + OWN_CHARS}}`;
  const isCut = 'run' in document && !('run' in short);
  const hint = isCut ? `this is its run alone: read all of it with ${all}` : `shortened: read the rest with ${more}`;
  return result({ ...whole, result: short, hint });
}

/** A digest of the report. Of a workflow that of its run, and beside it what came of it, if that leaves enough room. */
async function shortened(document: Fields, room: number): Promise<Fields | undefined> {
  const { run, ...outcome } = document;
  const own = run === undefined ? room : JSON.stringify({ ...outcome, run: {} }).length;
  const beside = room - own >= LEAST_CHARS;
  const [report, max_chars] = beside ? [run, room - own] : [document, room];
  const digest = await ask('result_digest', JSON.stringify({ report, max_chars }));
  if (digest.tag !== 'answer') return undefined;
  const short = fields(JSON.parse(digest.val));
  return beside ? { ...outcome, run: short } : short;
}

/** What is known of a run now. */
export async function runReply(run: Run, maxChars: number): Promise<ToolResult> {
  const { run_id } = run.record;
  if (run.reply) return documentReply(run.reply, run.began ? run_id : null, maxChars);
  if (run.broken !== undefined) return broke(run.began ? run_id : null, run.broken);
  const hint = `it goes on; ask with ${NEXT} {"action":"status","run_id":"${run_id}"}, stop it with cancel`;
  const reply = { ok: true, state: 'running', run_id, progress: progress(run), tasks: [] as Fields[], hint };
  const alive = [...run.tasks].filter(([, { status }]) => UNFINISHED.includes(status));
  const rows = alive.map(([task_id, task]) => ({ task_id, ...task }));
  return result({ ...reply, tasks: fitting(rows, maxChars - JSON.stringify(reply).length) });
}

/** As many rows, from the first on, as have room. */
export function fitting<T extends object>(rows: T[], room: number): T[] {
  let left = room;
  const end = rows.findIndex((row) => (left -= JSON.stringify(row).length + 1) < 0);
  return end === -1 ? rows : rows.slice(0, end);
}

function broke(run_id: string | null, { code, message }: NonNullable<RunRecord['broken']>): ToolResult {
  const hint = run_id && `what had ended stays; try to go on with ${NEXT} {"action":"resume","run_id":"${run_id}"}`;
  const errors = [problem(code, message)];
  return result({ ok: false, state: 'broken', run_id, errors, ...(hint ? { hint } : {}) });
}

export function progress({ last }: Run): Fields | null {
  return last ? { ended: last.ended, running: last.running, total: last.total } : null;
}

/** A run that this process knows only from its files. */
export async function storedReply(record: RunRecord, reply: DocumentReply | undefined, maxChars: number): Promise<ToolResult> {
  if (reply) return documentReply(reply, record.run_id, maxChars);
  if (record.state === 'broken')
    return broke(record.run_id, record.broken ?? { code: 'E_HOST', message: 'the run broke; why was not kept' });
  const hint = `a restart cut it off; go on with ${NEXT} {"action":"resume","run_id":"${record.run_id}"}`;
  return result({ ok: true, state: 'interrupted', run_id: record.run_id, hint });
}
