/**
 * What is kept of runs beyond the process, in the gateway's state directory: for each a record of what it is, the journal
 * that the component writes, the receipts of its sessions, what they were asked and said, where its tasks stood, what became of its
 * items, its result, and its page once somebody wanted it; of one for a cluster its request, until the cluster has it. Files only
 * their owner may read.
 */

import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import type { DocumentReply, Receipt } from './contract.ts';
import { appendLines, wholeLines } from './lines.ts';
import { type Seen, SessionLog, TaskLog, type TaskRecord } from './page.ts';
import type { Receipts } from './records.ts';

/** A run that a cluster carries out under the name that it has here. */
export interface HandedOver {
  /** Where it was asked for. */
  url: string;
  /** The cluster has said that it has the run, so its start is not asked for again. */
  accepted?: true;
  /** It is to be stopped, for this reason. */
  stop?: string;
  /** Whoever asked for the run wanted that, and need not be told. */
  stopAsked?: true;
  /** The cluster knows that. */
  stopped?: true;
  /** The workspace of the session that asked for it. */
  workspace?: string;
}

export interface RunRecord {
  run_id: string;
  function: string;
  /** The session that asked for it, and may ask about it. */
  owner: string;
  started: string;
  state: 'running' | 'done' | 'broken';
  /** Why it has no result; only of one that broke. */
  broken?: { code: string; message: string };
  /** What somebody agreed to before it began. */
  approved?: { at: string; to: string };
  /** `due`: its session is to be told what became of it. `given`: it was told, or has read it. None: nobody wants that. */
  notice?: 'due' | 'given';
  /** How many tasks are in which status; only of one that has ended. */
  counts?: Record<string, number>;
  /** Where its session finds what became of its items; only of a run over many that has ended. */
  items?: string;
  /** Only of one that a cluster carries out; it goes on when this gateway stops. */
  cluster?: HandedOver;
}

const ID = /^pa-[0-9a-f]{12}$/;
const KINDS = ['json', 'request', 'journal', 'sessions', 'seen', 'tasks', 'items', 'result', 'html'] as const;
const DAY_MS = 86_400_000;

export class Store {
  readonly #directory: string;

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'parallel-agents', 'runs');
  }

  /** The file for the journal of a new run, which exists once the component has written to it. */
  place(id: string): string {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    return this.#file(id, 'journal');
  }

  begin(record: RunRecord): void {
    this.note(record);
  }

  /** What a run is, as it is now. */
  note(record: RunRecord): void {
    this.#write(record.run_id, 'json', JSON.stringify(record));
  }

  /** Nobody needs to tell the session of this end any more. Throws nothing: what cannot be written is told again after a restart. */
  wasRead(record: RunRecord): void {
    try {
      this.note({ ...record, notice: 'given' });
    } catch {
      // Whoever reads a result needs no room for that.
    }
  }

  journal(id: string): string | undefined {
    const file = ID.test(id) ? this.#file(id, 'journal') : undefined;
    return file && existsSync(file) && statSync(file).size > 0 ? file : undefined;
  }

  end(record: RunRecord, reply: DocumentReply | undefined): void {
    if (reply) this.#write(record.run_id, 'result', JSON.stringify(reply));
    this.#write(record.run_id, 'json', JSON.stringify({ ...record, state: reply ? 'done' : 'broken' }));
  }

  record(id: string): RunRecord | undefined {
    return this.#read(id, 'json') as RunRecord | undefined;
  }

  result(id: string): DocumentReply | undefined {
    return this.#read(id, 'result') as DocumentReply | undefined;
  }

  /** Newest first. */
  list(): RunRecord[] {
    const ids = this.#names().flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : []));
    const records = ids.flatMap((id) => this.record(id) ?? []);
    return records.sort((left, right) => right.started.localeCompare(left.started));
  }

  /** Keeps what a cluster is asked for, until it has the run. */
  ask(id: string, request: string): void {
    this.place(id);
    this.#write(id, 'request', request);
  }

  /** What a cluster was asked for; undefined if it has the run, or never was asked. */
  asked(id: string): string | undefined {
    const file = ID.test(id) ? this.#file(id, 'request') : undefined;
    return file && existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  /** The cluster has the run. */
  accepted(record: RunRecord): void {
    this.note(record);
    rmSync(this.#file(record.run_id, 'request'), { force: true });
  }

  receipts(id: string): Receipts {
    const known = this.#lines(id, 'sessions') as { key: string; receipt: Receipt }[];
    const keep = (key: string, receipt: Receipt) => this.#append(id, 'sessions', { key, receipt });
    return { known: new Map(known.map(({ key, receipt }) => [key, receipt])), keep };
  }

  /** What the sessions of a run were asked and said, as far as it is known. */
  log(id: string): SessionLog {
    return new SessionLog(this.#lines(id, 'seen') as Seen[], (seen) => this.#append(id, 'seen', seen));
  }

  /** Changes whenever something is added to what is known of a run's sessions and tasks. */
  seenStamp(id: string): string {
    const size = (kind: 'seen' | 'tasks') => (existsSync(this.#file(id, kind)) ? statSync(this.#file(id, kind)).size : 0);
    return `${size('seen')}-${size('tasks')}`;
  }

  /** Where the tasks of a run stood last. */
  tasks(id: string): TaskLog {
    return new TaskLog(this.#lines(id, 'tasks') as TaskRecord[], (record) => this.#append(id, 'tasks', record));
  }

  /** Where what becomes of the items of a run is written down. */
  items(id: string): string {
    return this.#file(id, 'items');
  }

  /** Writes the page of a run; its file. */
  page(id: string, text: string): string {
    this.#write(id, 'html', text);
    return this.#file(id, 'html');
  }

  forget(id: string): void {
    for (const file of this.#files(id)) rmSync(file, { force: true });
  }

  /** Removes every run that nobody has written to for so many days, but for those that somebody still runs. */
  prune(days: number, now: number, isLive: (id: string) => boolean): void {
    for (const id of new Set(this.#names().map((name) => name.split('.')[0] ?? ''))) {
      if (!ID.test(id) || isLive(id)) continue;
      const files = this.#files(id).filter((file) => existsSync(file));
      if (files.every((file) => now - statSync(file).mtimeMs >= days * DAY_MS)) this.forget(id);
    }
  }

  /** All that there may be of a run, with what a crash can leave of a file that is written anew. */
  #files(id: string): string[] {
    return KINDS.map((kind) => this.#file(id, kind)).flatMap((file) => [file, `${file}.new`]);
  }

  #names(): string[] {
    return existsSync(this.#directory) ? readdirSync(this.#directory) : [];
  }

  #file(id: string, kind: (typeof KINDS)[number]): string {
    if (!ID.test(id)) throw new Error(`${id} is no name of a run`);
    return join(this.#directory, `${id}.${kind}`);
  }

  #read(id: string, kind: (typeof KINDS)[number]): unknown {
    const file = ID.test(id) ? this.#file(id, kind) : undefined;
    return file && existsSync(file) ? parsed(readFileSync(file, 'utf8')) : undefined;
  }

  /** A receipt that is missing is no loss: its session is found by its label. */
  #lines(id: string, kind: (typeof KINDS)[number]): unknown[] {
    const file = this.#file(id, kind);
    const lines = existsSync(file) ? wholeLines(file).split('\n') : [];
    return lines.flatMap((line) => parsed(line) ?? []);
  }

  #append(id: string, kind: (typeof KINDS)[number], line: object): void {
    appendLines(this.#file(id, kind), `${JSON.stringify(line)}\n`);
  }

  /** In one step, so that a crash leaves the old text or the new one. */
  #write(id: string, kind: (typeof KINDS)[number], text: string): void {
    const file = this.#file(id, kind);
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
