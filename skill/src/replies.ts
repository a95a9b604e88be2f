/** What the tools give back. `status`, `error` and `timedOut` are words that OpenClaw reads by itself: none is used here. */

import { WORKER, call } from './call.ts';
import type { Notify, Problem } from './config.ts';
import type { DocumentReply } from './contract.ts';
import type { ToolResult } from './openclaw.ts';
import type { Run } from './runs.ts';
import type { RunRecord } from './store.ts';
import { type Fields, fields, list, text } from './values.ts';

/** Below the 16,000 characters to which the gateway cuts a live tool result. */
export const MAX_CHARS = 15_000;

/** The shortest digest that the component makes. */
const LEAST_CHARS = 1_000;

/** The reply's own fields take some of the room. */
const OWN_CHARS = 200;

const NEXT = 'parallel_agents_runs';

/** How the end of a run that goes on comes to its session. */
const ENDS: Record<Notify, string> = {
  off: 'ask with ',
  next_turn: 'you are told of its end in your next turn, so do not ask again and again. To wait for it now: ',
  wake: 'you are woken with its result when it ends, so do not ask for it: end your turn. To wait for it now: ',
};

/** What a task may be that has not ended; what has ended is read as a result, when the run has. */
const UNFINISHED = ['pending', 'running'];

/** The host of a call that asks nothing of one. */
export const nobody = { perform: () => {}, answered: () => {}, next: () => new Promise<never>(() => {}) };

/** Calls a function of the component that asks nothing of the gateway. */
export function ask(name: string, document: string): Promise<DocumentReply> {
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

/** How a reply is to be. */
export interface Shape {
  /** Characters of the reply. */
  maxChars: number;
  /** With attempts, usage and flags. Otherwise answers, and what is needed to trust them. */
  detail: boolean;
  /** For people: Markdown in place of JSON. */
  isForPeople: boolean;
  /** How the session hears of the end of a run that goes on. */
  notify: Notify;
}

/** The component's reply. Results of runs come shortened, if not with all details then to their answers. */
export async function documentReply(
  reply: DocumentReply,
  run_id: string | null,
  shape: Shape,
  made?: Run['digest'],
): Promise<ToolResult> {
  const { maxChars, detail, isForPeople } = shape;
  const document = fields(JSON.parse(reply.val));
  if (reply.tag === 'refused') return refused(list(document['errors']));
  const whole = { ok: true, state: 'done', run_id };
  const fits = reply.val.length <= maxChars - OWN_CHARS;
  if (run_id === null || (detail && fits && !isForPeople)) return result({ ...whole, result: document });
  const short = await shortened(reply.val, digestRequest(shape), made);
  // What is no result of tasks comes as it is.
  if (!short) return result({ ...whole, result: document });
  const hint = isForPeople ? undefined : restOf(document, short, run_id, reply.val.length + OWN_CHARS);
  return result({ ...whole, result: short, ...(hint ? { hint } : {}) });
}

/** How to read what a shortened result lacks; undefined if it has all answers. */
function restOf(document: Fields, short: Fields, run_id: string, all: number): string | undefined {
  if ('run' in document && !('run' in short)) {
    const status = `${NEXT} {"action":"status","run_id":"${run_id}","detail":true,"max_chars":${all}}`;
    return `this is its run alone: read all of it with ${status}`;
  }
  const isCut = 'note' in short || 'note' in fields(short['run']) || 'output_cut' in short;
  const page = `${NEXT} {"action":"page","run_id":"${run_id}","task_id":"…","offset":0}`;
  return isCut ? `shortened: read the rest with ${page}` : undefined;
}

/** What a reply needs of a result: the arguments of `result_digest`, but for the report. */
export function digestRequest({ maxChars, detail, isForPeople }: Shape): string {
  const max_chars = Math.max(LEAST_CHARS, maxChars - OWN_CHARS);
  return JSON.stringify({ max_chars, detail, format: isForPeople ? 'markdown' : 'json' });
}

/** What the component makes of a result, unless that was made with it; undefined if it is none of tasks. */
async function shortened(report: string, wanted: string, made: Run['digest']): Promise<Fields | undefined> {
  const isMade = made?.wanted === wanted;
  const digest = isMade ? made.reply : await ask('result_digest', `${wanted.slice(0, -1)},"report":${report}}`);
  return digest.tag === 'answer' ? fields(JSON.parse(digest.val)) : undefined;
}

/** The same reply with one more thing to know, in front of what it says is next. */
export function hinted({ details }: ToolResult, hint: string): ToolResult {
  const next = text(fields(details)['hint']);
  return result({ ...details, hint: next ? `${hint}; ${next}` : hint });
}

/** The same reply with what was not used of agent files. */
export function warned({ content, details }: ToolResult, warnings: string[]): ToolResult {
  return warnings.length > 0 ? result({ ...details, warnings }) : { content, details };
}

/** The reply of a run over many items, with where the answers are. */
function withItems({ items, run_id }: RunRecord, reply: ToolResult): ToolResult {
  if (!items) return reply;
  const page = `${NEXT} {"action":"page","run_id":"${run_id}","task_id":"item-1","offset":0}`;
  return hinted(reply, `each item's answer is a line of ${items}; or read it with ${page}`);
}

/** What is known of a run now. */
export async function runReply(run: Run, shape: Shape): Promise<ToolResult> {
  const { run_id } = run.record;
  if (run.reply) return withItems(run.record, await documentReply(run.reply, run.began ? run_id : null, shape, run.digest));
  if (run.broken !== undefined) return broke(run.began ? run_id : null, run.broken);
  const ask = `${NEXT} {"action":"status","run_id":"${run_id}"}`;
  const trouble = run.trouble ? `nothing new is known: ${run.trouble}; it is asked again. ` : '';
  const hint = `${trouble}it goes on${run.record.cluster ? ' in the cluster' : ''}; ${ENDS[shape.notify]}${ask}; stop it with cancel`;
  const reply = { ok: true, state: 'running', run_id, progress: progress(run), tasks: [] as Fields[], hint };
  const alive = [...run.tasks].filter(([, { status }]) => UNFINISHED.includes(status));
  const rows = alive.map(([task_id, task]) => ({ task_id, ...task }));
  return result({ ...reply, tasks: fitting(rows, shape.maxChars - JSON.stringify(reply).length) });
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
export async function storedReply(record: RunRecord, reply: DocumentReply | undefined, shape: Shape): Promise<ToolResult> {
  if (reply) return withItems(record, await documentReply(reply, record.run_id, shape));
  if (record.state === 'broken')
    return broke(record.run_id, record.broken ?? { code: 'E_HOST', message: 'the run broke; why was not kept' });
  const why = record.cluster ? 'it is one of a cluster that this gateway does not have any more' : 'a restart or an update cut it off';
  const hint = `${why}; go on with ${NEXT} {"action":"resume","run_id":"${record.run_id}"}`;
  return result({ ok: true, state: 'interrupted', run_id: record.run_id, hint });
}
