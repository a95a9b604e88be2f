/**
 * The runs of this process. A run belongs to no call: whoever asked for it may go, and later calls find it again.
 *
 * Nothing here decides what a run does; it starts the component, keeps what comes of it, and stops it when it is told to.
 */

import { randomBytes } from 'node:crypto';

import { Broken } from './call.ts';
import type { Carrier, MakesCarrier } from './carrier.ts';
import type { DocumentReply, ItemResult, Progress } from './contract.ts';
import { Items, copyTo, itemsIn, placeIn } from './items.ts';
import { type Local, inThread } from './local_run.ts';
import { SessionLog, TaskLog } from './page.ts';
import { type Surroundings, onStop } from './sessions.ts';
import type { HandedOver, RunRecord, Store } from './store.ts';
import { errorText } from './values.ts';

/** Threads that may live at once; each may take the heap that `call` allows. */
const MOST_LIVE = 16;
/** Of these for one session. */
const MOST_OF_ONE = 8;
/** Of these for sessions that have none alive, so that a few busy ones never lock out the others. */
const KEPT_FREE = 4;

/** Ended runs whose result stays in memory. What is older is read from its file. */
const MOST_ENDED = 32;

export interface Wanted extends Omit<Local, 'journal'> {
  owner: string;
  store: Store | undefined;
  /** Who carries it out, and what is kept of that; the component in a thread of its own where nothing is said. */
  handedOver?: { kept: HandedOver; carrier: MakesCarrier };
  warn(message: string): void;
  /** Told once, when the run has ended or broken. */
  ended(run: Run): void;
  /** What somebody agreed to before it began; nobody is asked again when it goes on. */
  agreed?: string;
  /** Go on with this run; `journal` is that of one that was carried out here. */
  resumed?: { record: RunRecord; journal?: string };
}

export class Run {
  readonly record: RunRecord;
  readonly turn: Surroundings['turn'];
  /** Never rejects. */
  readonly done: Promise<void>;
  /** It has asked something of the gateway, now or before it was cut off, so there is something to come back to. */
  began: boolean;
  reply: DocumentReply | undefined;
  /** The digest that was made with the result, and what it was asked for with. */
  digest: { wanted: string; reply: DocumentReply } | undefined;
  /** Why it has no reply. */
  broken: { code: string; message: string } | undefined;
  last: Progress | undefined;
  readonly tasks = new Map<string, { agent_type: string; status: string }>();
  readonly #listeners = new Set<(progress: Progress) => void>();
  /** Calls that wait for its end, which need no notice of it. */
  #calls = 0;
  #isStopped = false;
  /** In this process. */
  #hasAsked = false;
  readonly #cut = new AbortController();
  readonly #store: Store | undefined;
  readonly #carrier: Carrier;
  /** For its page while it lasts; afterwards that is made of what is kept. */
  #seen: { sessions: SessionLog; tasks: TaskLog } | undefined;
  /** What its sessions used, once it has ended. */
  #tokens = 0;
  /** The session's own directory, if it has one. */
  readonly #workspace: string | undefined;
  #items: Items | undefined;

  constructor(wanted: Wanted) {
    const { resumed, owner, store, config, around } = wanted;
    const run_id = resumed?.record.run_id ?? `pa-${randomBytes(6).toString('hex')}`;
    const started = resumed?.record.started ?? new Date().toISOString();
    const notice = config.notify === 'off' ? {} : { notice: 'due' as const };
    const approved = resumed?.record.approved ?? (wanted.agreed === undefined ? undefined : { at: started, to: wanted.agreed });
    const cluster = wanted.handedOver && { cluster: wanted.handedOver.kept };
    this.record = { run_id, function: wanted.function, owner, started, state: 'running', ...notice, ...(approved ? { approved } : {}), ...cluster };
    this.began = resumed !== undefined;
    this.#store = store;
    this.turn = around.turn;
    this.#workspace = around.context.workspaceDir;
    this.#isStopped = wanted.handedOver?.kept.stopAsked === true;
    const seen = { sessions: store?.log(run_id) ?? new SessionLog(), tasks: store?.tasks(run_id) ?? new TaskLog() };
    this.#seen = seen;
    const carries = wanted.handedOver?.carrier ?? inThread({ ...wanted, journal: resumed?.journal });
    this.#carrier = carries({
      record: this.record,
      store,
      seen,
      began: () => {
        this.began = this.#hasAsked = true;
        store?.begin(this.record);
      },
      nothing: () => {
        this.began = false;
        store?.forget(run_id);
      },
      warn: (message) => wanted.warn(`${run_id}: ${message}`),
    });
    this.done = this.#run(wanted);
  }

  get live(): boolean {
    return this.reply === undefined && this.broken === undefined;
  }

  /** What is known of it while it lasts; undefined afterwards. */
  get seen(): { sessions: SessionLog; tasks: TaskLog; nowMs: number } | undefined {
    return this.#seen && { ...this.#seen, nowMs: this.#carrier.nowMs };
  }

  /** Tasks that ended without success, tokens used, and about how long it takes yet, if that can be told. */
  get standing(): { bad: number; tokens: number; leftMs: number | undefined } {
    const { sessions, tasks } = this.#seen ?? {};
    const { ended = 0, running = 0, total = 0 } = this.last ?? {};
    const counts = this.#carrier.counts ?? tasks?.counts ?? this.record.counts ?? {};
    const bad = ended - (counts['completed'] ?? 0);
    const usual = sessions?.usualMs;
    const leftMs = usual !== undefined && ended < total ? (usual * (total - ended)) / Math.max(1, running) : undefined;
    return { bad, tokens: sessions?.tokens ?? this.#tokens, leftMs };
  }

  /** Tells `listener` of every step from now on, beside all others that want to hear of them. Returns what ends that. */
  onProgress(listener: (progress: Progress) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Why nothing new is known of it at the moment. */
  get trouble(): string | undefined {
    return this.live ? this.#carrier.trouble : undefined;
  }

  /** Whoever asked for it wanted it stopped. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  get isWaitedFor(): boolean {
    return this.#calls > 0;
  }

  /** Its end was told to the session that asked for it. */
  get isRead(): boolean {
    return this.record.notice === 'given';
  }

  /** Waits with a call of the session, until the run has ended or the call gives up. */
  async waited<T>(work: () => Promise<T>): Promise<T> {
    this.#calls += 1;
    try {
      return await work();
    } finally {
      this.#calls -= 1;
    }
  }

  /** From now on nobody needs to tell of its end. */
  read(): void {
    if (this.live || this.record.notice !== 'due') return;
    this.record.notice = 'given';
    if (this.began) this.#store?.wasRead(this.record);
  }

  /** Has all sessions stopped, and the run come to its end. */
  stop(reason: string): void {
    this.#isStopped = true;
    if (this.record.cluster) this.record.cluster.stopAsked = true;
    this.#carrier.stop(reason);
  }

  /** From now on it uses nothing of the turn in which it was asked for. */
  leave(): void {
    this.turn.over = true;
  }

  /**
   * Ends its thread, so that another load can go on with it by its files; its sessions are left as they are. False where nothing
   * of it is kept.
   */
  cutOff(): boolean {
    if (!this.#store) return false;
    this.#cut.abort();
    this.#carrier.leave();
    return true;
  }

  async #run(wanted: Wanted): Promise<void> {
    const { store, warn, around } = wanted;
    const stopListening = onStop(around, () => this.stop('the turn was stopped'));
    let reply: DocumentReply | undefined;
    let broken = { code: '', message: '' };
    try {
      const { digest, ...answered } = await this.#carrier.carry({
        progress: (progress) => this.#show(progress),
        item: (item) => this.#keep(item),
        cut: this.#cut.signal,
      });
      reply = answered;
      // A journal that cannot be used is no end of its run, which stays as it was.
      if (reply.tag === 'refused' && !this.#hasAsked) this.began = false;
      if (digest) this.digest = { wanted: wanted.digest, reply: digest };
    } catch (error) {
      const { code, message } =
        error instanceof Broken ? error : { code: 'E_HOST', message: `the plugin failed: ${errorText(error)}` };
      broken = { code, message };
    }
    stopListening();
    if (this.#cut.signal.aborted && !reply) {
      // For its files it still runs, and whoever goes on with it reads them.
      this.broken = broken;
      return;
    }
    const left = await this.#carrier.close();
    if (left.length > 0) {
      const sessions = `sessions that could not be stopped: ${left.join(', ')}`;
      warn(`${this.record.run_id}: ${sessions}`);
      // A report names them by itself, as `leaked`.
      broken.message += `; ${sessions}`;
    }
    this.#hand(warn);
    // Only now is it over: whoever goes on with a run that broke must not meet what is left of it.
    this.record.state = reply ? 'done' : 'broken';
    this.record.counts = this.#carrier.counts ?? this.#seen?.tasks.counts;
    this.#tokens = this.#seen?.sessions.tokens ?? 0;
    this.#seen = undefined;
    this.reply = reply;
    if (!reply) this.broken = this.record.broken = broken;
    try {
      if (this.began) store?.end(this.record, reply);
    } catch (error) {
      warn(`the result of ${this.record.run_id} could not be kept: ${errorText(error)}`);
    }
    wanted.ended(this);
  }

  /** Where the lines of its items are, while they are written. */
  get items(): string | undefined {
    const own = this.#workspace && placeIn(this.#workspace, this.record.run_id);
    return this.#store?.items(this.record.run_id) ?? own;
  }

  #keep(item: ItemResult): void {
    try {
      const { run_id } = this.record;
      this.#items ??= this.#store ? new Items(this.#store.items(run_id)) : itemsIn(this.#workspace, run_id);
      this.#items.keep(item);
    } catch (error) {
      // Answers that nobody keeps are not worth paying for. The session did not ask for this, and is told of the end.
      this.#carrier.stop(`what became of items cannot be kept: ${errorText(error)}`);
    }
  }

  /** Puts the lines where the session can read them without this plugin. */
  #hand(warn: (message: string) => void): void {
    if (!this.#items || !this.#workspace) return;
    try {
      this.record.items = copyTo(this.#workspace, this.record.run_id, this.#items.file);
    } catch (error) {
      warn(`${this.record.run_id}: its items could not be copied to the workspace: ${errorText(error)}`);
    }
  }

  #show(progress: Progress): void {
    this.last = progress;
    this.#carrier.heard(progress);
    // A carrier that counts does not tell of each task, and what it last said of one may be over.
    if (!this.#carrier.counts) this.tasks.set(progress.task, { agent_type: progress.agentType, status: progress.status });
    for (const listener of this.#listeners) listener(progress);
  }
}

/** All runs of this process. */
export class Runs {
  readonly #runs: Map<string, Run>;

  constructor(runs = new Map<string, Run>()) {
    this.#runs = runs;
  }

  /** A text: why too many are alive. A run that is resumed twice is one run: two would write one journal. */
  start(wanted: Wanted): Run | string {
    const there = wanted.resumed && this.#runs.get(wanted.resumed.record.run_id);
    if (there && there.broken === undefined) return there;
    // One that goes on in a cluster takes no thread, and would otherwise be followed by nobody.
    const full = wanted.resumed && wanted.handedOver ? undefined : this.#full(wanted.owner);
    if (full) return full;
    const run = new Run(wanted);
    this.#runs.delete(run.record.run_id);
    this.#runs.set(run.record.run_id, run);
    // A call that asked nothing of the gateway is nothing to come back to.
    void run.done.then(() => run.began || this.#runs.delete(run.record.run_id));
    const ended = [...this.#runs.values()].filter((run) => !run.live);
    for (const old of ended.slice(0, -MOST_ENDED)) this.#runs.delete(old.record.run_id);
    return run;
  }

  /** Why a session may start no further run; undefined if it may. */
  #full(owner: string): string | undefined {
    const live = [...this.#runs.values()].filter((run) => run.live);
    const own = live.filter((run) => run.record.owner === owner).length;
    if (own >= MOST_OF_ONE) return `${own} runs of this session are alive, which is all that one session may have`;
    const most = own > 0 ? MOST_LIVE - KEPT_FREE : MOST_LIVE;
    if (live.length < most) return undefined;
    return `${live.length} runs are alive in this gateway, of which this session has ${own}`;
  }

  get(id: string, owner: string): Run | undefined {
    const run = this.#runs.get(id);
    return run?.record.owner === owner ? run : undefined;
  }

  /** Cuts off all that live, and waits until none of them writes any more. From then on they are those of nobody. */
  async cutOff(): Promise<void> {
    const cut = [...this.#runs.values()].filter((run) => run.live && run.cutOff());
    for (const run of cut) this.#runs.delete(run.record.run_id);
    await Promise.all(cut.map((run) => run.done));
  }

  /** Whether this process runs it, for whomever. */
  isLive(id: string): boolean {
    return this.#runs.get(id)?.live ?? false;
  }

  /** Removes a run that has ended from memory. */
  forget(id: string): void {
    if (!this.isLive(id)) this.#runs.delete(id);
  }

  /** Those of everybody; only for who may see them all. */
  all(): Run[] {
    return [...this.#runs.values()].filter((run) => run.began);
  }

  of(owner: string): Run[] {
    return [...this.#runs.values()].filter((run) => run.record.owner === owner && run.began);
  }
}

/**
 * OpenClaw loads a plugin several times, and all of them have the same runs. They share nothing but these: an earlier load
 * starts no new ones, since its files may be gone by now.
 */
const shared = globalThis as { [key: symbol]: unknown };
const all = (shared[Symbol.for('parallel-agents.runs')] ??= new Map()) as Map<string, Run>;
export const runs = new Runs(all);
