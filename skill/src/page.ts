/** A report as one page for people: the template of `report/`, which the simulator uses too, around a document. */

import { readFileSync } from 'node:fs';

import { type Changed, Changes } from './changes.ts';
import type { Progress, SessionEnd, SpawnOptions, Usage } from './contract.ts';

/** What the host saw of one session; times are milliseconds since the call began. The page reads these names. */
export interface SessionRecord {
  session_key: string | null;
  /** As OpenClaw lists it. Long names are cut in it. */
  label: string;
  /** The task that it is for, and which of its sessions it is, counted from 1; null if its idempotency key does not say. */
  task_id: string | null;
  number: number | null;
  prompt: string;
  model: string | null;
  asked_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  /** How it ended, in the words of a report. */
  outcome: string | null;
  usage: { input_tokens: number; output_tokens: number } | null;
  answer: string | null;
  answer_is_cut: boolean;
}

const NOTHING = {
  session_key: null,
  task_id: null,
  number: null,
  prompt: '',
  model: null,
  asked_ms: 0,
  started_ms: null,
  ended_ms: null,
  outcome: null,
  usage: null,
  answer: null,
  answer_is_cut: false,
};

/** What is known of a session, or what has become known since. */
export type Seen = Partial<SessionRecord> & Pick<SessionRecord, 'label'>;

/** Keeps a record of every session of one run, and says what is new in it to whoever keeps it beyond this process. */
export class SessionLog {
  readonly #records = new Changes<SessionRecord>();
  /** Labels by the keys of their sessions: a run may have thousands, and each event names one. */
  readonly #labels = new Map<string, string>();
  readonly #keep: (seen: Seen) => void;

  /** `known` is what was kept of the same run before. */
  constructor(known: Seen[] = [], keep: (seen: Seen) => void = () => {}) {
    for (const seen of known) this.#learn(seen);
    this.#keep = keep;
  }

  get records(): SessionRecord[] {
    return this.#records.all;
  }

  /** How often something new was learned. */
  get changes(): number {
    return this.#records.count;
  }

  /** What was learned after so many changes, of at most so many sessions. */
  since(change: number, most: number): Changed<SessionRecord> {
    return this.#records.since(change, most);
  }

  /** The session with this label. */
  of(label: string): SessionRecord | undefined {
    return this.#records.get(label);
  }

  /** Tokens that sessions have said they used. */
  get tokens(): number {
    return this.records.reduce((sum, { usage }) => sum + (usage ? usage.input_tokens + usage.output_tokens : 0), 0);
  }

  /** How long sessions took that answered, on average in milliseconds; undefined if none did. */
  get usualMs(): number | undefined {
    const took = this.records.flatMap(({ outcome, asked_ms, ended_ms }) => (outcome === 'completed' && ended_ms !== null ? [ended_ms - asked_ms] : []));
    return took.length > 0 ? took.reduce((sum, ms) => sum + ms, 0) / took.length : undefined;
  }

  /** The time of the last thing that is known. */
  get lastMs(): number {
    const last = ({ asked_ms, started_ms, ended_ms }: SessionRecord) => Math.max(asked_ms, started_ms ?? 0, ended_ms ?? 0);
    return this.records.reduce((latest, record) => Math.max(latest, last(record)), 0);
  }

  /** A spawn call; the same label again is the same session. */
  asked({ label, task, model, idempotencyKey }: SpawnOptions, atMs: number): void {
    if (!this.#records.has(label)) this.#note({ label, ...taskOf(idempotencyKey), prompt: task, model: model ?? null, asked_ms: atMs });
  }

  /** The receipt of that spawn call. */
  accepted(label: string, sessionKey: string): void {
    this.#note({ label, session_key: sessionKey });
  }

  started(sessionKey: string, atMs: number): void {
    const record = this.#of(sessionKey);
    if (!record) return;
    this.#records.set(record.label, { ...record, started_ms: record.started_ms ?? atMs });
  }

  ended({ session, outcome, usage }: Pick<SessionEnd, 'session' | 'outcome' | 'usage'>, atMs: number): void {
    const record = this.#of(session);
    if (!record || record.ended_ms !== null) return;
    const { label, started_ms } = record;
    const how = outcome.tag === 'timed-out' ? 'timeout' : outcome.tag;
    this.#note({ label, started_ms, ended_ms: atMs, outcome: how, usage: usage ? counted(usage) : null });
  }

  /** What it said, after it has ended and without secrets. */
  answered(sessionKey: string, { text, truncated }: { text: string; truncated: boolean }): void {
    const record = this.#of(sessionKey);
    if (record && record.answer === null) this.#note({ label: record.label, answer: text, answer_is_cut: truncated });
  }

  #note(seen: Seen): void {
    this.#learn(seen);
    this.#keep(seen);
  }

  #learn(seen: Seen): void {
    this.#records.set(seen.label, { ...NOTHING, ...this.#records.get(seen.label), ...seen });
    const { session_key: key, label } = seen;
    if (key && !this.#labels.has(key)) this.#labels.set(key, label);
  }

  #of(sessionKey: string): SessionRecord | undefined {
    return this.#records.get(this.#labels.get(sessionKey) ?? '');
  }
}

/** The task that a session is for, and its number, as its idempotency key names them: RUN-TASK-NUMBER. */
function taskOf(idempotencyKey: string): Pick<SessionRecord, 'task_id' | 'number'> | undefined {
  const [, task, number] = /^[^-]*-(.*)-(\d+)$/s.exec(idempotencyKey) ?? [];
  return task === undefined ? undefined : { task_id: task, number: Number(number) };
}

function counted({ inputTokens, outputTokens }: Usage): SessionRecord['usage'] {
  return { input_tokens: Number(inputTokens), output_tokens: Number(outputTokens) };
}

/** Where one task stands; `at_ms` says since when, in milliseconds since the call began. */
export interface TaskRecord {
  task_id: string;
  agent_type: string;
  status: string;
  at_ms: number;
  /** Of the run at that time. */
  ended: number;
  running: number;
  total: number;
}

/** How far a run was at a time. */
type Stand = Pick<TaskRecord, 'at_ms' | 'ended' | 'running' | 'total'>;

/** Keeps the last that was heard of every task of one run, and says it to whoever keeps it beyond this process. */
export class TaskLog {
  readonly #records = new Changes<TaskRecord>();
  readonly #keep: (record: TaskRecord) => void;
  #last: Stand | undefined;

  constructor(known: TaskRecord[] = [], keep: (record: TaskRecord) => void = () => {}) {
    for (const record of known) this.#learn(record);
    this.#keep = keep;
  }

  /** In the order in which they were first heard of. */
  get records(): TaskRecord[] {
    return this.#records.all;
  }

  /** How often something was heard. */
  get changes(): number {
    return this.#records.count;
  }

  /** What was heard after so many changes, of at most so many tasks. */
  since(change: number, most: number): Changed<TaskRecord> {
    return this.#records.since(change, most);
  }

  /** What was heard last; undefined if nothing was. */
  get last(): Stand | undefined {
    return this.#last;
  }

  heard({ task, agentType, status, ended, running, total }: Progress, atMs: number): void {
    const record = { task_id: task, agent_type: agentType, status, at_ms: atMs, ended, running, total };
    this.#learn(record);
    this.#keep(record);
  }

  /** How far the run is, where nobody tells of each task. */
  stands(stand: Omit<Stand, 'at_ms'>, atMs: number): void {
    this.#last = { ...stand, at_ms: atMs };
  }

  /** How many tasks are in which status. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { status } of this.#records.all) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  #learn(record: TaskRecord): void {
    this.#records.set(record.task_id, record);
    this.#last = record;
  }
}

/**
 * The page of a call, for a file that ends in .html. `report` is the component's document, word for word; the template is
 * put beside the plugin's code when that is built.
 */
export function page(name: string, report: string, sessions: SessionRecord[]): string {
  return withDocument('report.html', document(name, report, sessions));
}

/** What that page shows. */
function document(name: string, report: string, sessions: SessionRecord[]): string {
  const heads = new Map<string, number>();
  const short = sessions.map((record) => withoutHead(record, heads));
  return `{"format":1,"function":${JSON.stringify(name)},"report":${report},"heads":${JSON.stringify([...heads.keys()])},"sessions":${JSON.stringify(short)}}`;
}

/** Where a prompt gets to its own task. What stands above it is the same for all tasks of an agent type, and is told once. */
const OWN_TASK = '\n# Task\n';

/** What a prompt says of its task alone. */
export function ownPart(prompt: string): string {
  return prompt.slice(prompt.indexOf(OWN_TASK) + 1);
}

function withoutHead(record: SessionRecord, heads: Map<string, number>): object {
  const end = record.prompt.indexOf(OWN_TASK) + 1;
  if (end === 0) return record;
  const text = record.prompt.slice(0, end);
  if (!heads.has(text)) heads.set(text, heads.size);
  return { ...record, head: heads.get(text), prompt: ownPart(record.prompt) };
}

/** A template of the build with a document in its place. */
export function withDocument(file: string, document: string): string {
  // A document that holds no `<` cannot end its element, whatever an agent wrote.
  const text = document.replaceAll('<', '\\u003c');
  const template = readFileSync(new URL(`../dist/${file}`, import.meta.url), 'utf8');
  return template.replace('null</script>', () => `${text}</script>`);
}
