/**
 * The host's side of the contract: requests become calls of the gateway, and everything that happens goes into one
 * stream of events. No rule of the product is here; every request is answered, whatever the gateway does.
 */

import type {
  Command,
  Event,
  EventKind,
  HistoryPage,
  HistoryQuery,
  HostFacts,
  Progress,
  Receipt,
  Reply,
  SpawnOptions,
} from './contract.ts';
import { historyPage } from './history.ts';
import { Refused, hostError } from './openclaw_mapping.ts';
import { type Keepers, Records } from './records.ts';
import type { Sessions } from './sessions.ts';
import { Stream } from './stream.ts';
import { ANSWER_TIMEOUT_MS, FINAL_TRANSCRIPT_TIMEOUT_MS, SHORT_TIMEOUT_MS, pause, withTimeout } from './timeouts.ts';
import { type Spoken, sessionEnd } from './transcript.ts';
import { type Fields, errorText, text } from './values.ts';

/** Attempts to stop a session that is left over. */
const SWEEPS = 3;

type Outcome = Extract<EventKind, { tag: 'answered' }>['val']['outcome'];

interface Child {
  runId: string;
  /** The gateway has been started anew since it was spawned. */
  earlier: boolean;
  /** The component has its receipt, so it may hear of it. */
  admitted: boolean;
  started: boolean;
  ended: boolean;
}

/** What a run may be given beside its gateway. */
export interface Options extends Keepers {
  /** How long the run had lasted when it was cut off, in milliseconds; 0 if it was not. */
  fromMs?: number;
  /** Why the operator does not allow a session; undefined if he does. */
  forbidden?(options: SpawnOptions): string | undefined;
}

export class Host {
  readonly #gateway: Sessions;
  readonly #options: Options;
  readonly #stream: Stream;
  readonly #children = new Map<string, Child>();
  readonly #spawns = new Map<string, Promise<Receipt>>();
  /** Sessions that were seen to start; a child among them may not have its receipt yet. */
  readonly #starts = new Set<string>();
  readonly #stopListening: () => void;
  readonly #records: Records;
  #openedMs = performance.now();
  #wait = new AbortController();
  #waiting = false;
  #stopped = false;
  #closed = false;
  /** Every session that was known at the end has been looked after. */
  #swept = false;

  constructor(gateway: Sessions, facts: HostFacts, options: Options = {}) {
    this.#gateway = gateway;
    this.#options = options;
    this.#records = new Records(options);
    for (const [key, receipt] of this.#records.known) {
      this.#spawns.set(key, Promise.resolve(receipt));
      this.#note(receipt, true);
    }
    this.#stream = new Stream({ tag: 'opened', val: facts });
    this.#stopListening = gateway.onStart((session) => this.#start(session));
  }

  /** The next event; never rejects. Only one may be waited for at a time. */
  async next(untilMs: bigint | undefined): Promise<Event> {
    const event = await this.#stream.next(untilMs);
    if (event.what.tag === 'opened') this.#openedMs = performance.now();
    return event;
  }

  /** Carries a request out and answers it with an event; returns at once and never fails. */
  perform(command: Command): void {
    this.#records.began();
    void this.#answer(command);
  }

  /** Where a task stands. */
  heard(progress: Progress): void {
    this.#records.heard(progress, this.#sinceOpened());
  }

  /** Milliseconds since the call began. */
  get nowMs(): number {
    return this.#sinceOpened();
  }

  /** What a session said, as it may be kept. */
  answered(session: string, answer: { text: string; truncated: boolean }): void {
    this.#records.answered(session, answer);
  }

  /** Asks the component to stop the whole run. */
  stop(reason: string): void {
    if (!this.#stopped) this.#stream.push({ tag: 'stop-requested', val: { reason } });
    this.#stopped = true;
  }

  /**
   * Ends the stream and stops every session that still runs. Returns those that could not be stopped. A session whose
   * receipt comes even later is stopped when it comes, and warned about.
   */
  async close(): Promise<string[]> {
    this.leave();
    // What is being spawned is swept with the rest.
    await withTimeout(SHORT_TIMEOUT_MS, Promise.allSettled(this.#spawns.values())).catch(() => {});
    this.#swept = true;
    const left = [...this.#children].filter(([, child]) => !child.ended);
    const swept = left.map(async ([session, child]) => ((await this.#sweep(child)) ? [] : [session]));
    return (await Promise.all(swept)).flat();
  }

  /** Does nothing more, and leaves every session as it is. */
  leave(): void {
    this.#closed = true;
    this.#wait.abort();
    this.#stopListening();
    this.#stream.fireTimer();
  }

  /** Never rejects, and answers once. */
  async #answer(command: Command): Promise<void> {
    const { request } = command;
    const work = withTimeout(ANSWER_TIMEOUT_MS, this.#carryOut(command));
    const outcome: Outcome = await work.then(
      (val) => ({ tag: 'ok', val }),
      (error) => ({ tag: 'err', val: hostError(error) }),
    );
    // Before the answer, after which nobody asks what the session had said by then.
    if (command.kind === 'cancel' && outcome.tag === 'ok')
      this.#end(command.session, { status: 'killed' }, await this.#saidBy(command.session, FINAL_TRANSCRIPT_TIMEOUT_MS));
    this.#stream.push({ tag: 'answered', val: { request, outcome } });
    if (outcome.tag === 'err') return;
    const reply = outcome.val;
    if (reply.tag === 'spawned' || reply.tag === 'attached') this.#admit(reply.val);
  }

  async #carryOut(command: Command): Promise<Reply> {
    switch (command.kind) {
      case 'spawn':
        return { tag: 'spawned', val: await this.#spawn(command.options) };
      case 'list': {
        const page = await this.#gateway.list(command.filter);
        const failed = page.sessions.filter(({ state }) => state === 'failed');
        await Promise.all(failed.map(({ sessionKey }) => this.#cutOff(sessionKey)));
        return { tag: 'listed', val: page };
      }
      case 'history':
        this.#child(command.query.sessionKey);
        return { tag: 'history', val: await this.#history(command.query) };
      case 'cancel': {
        const child = this.#child(command.session);
        if (!child.ended) await this.#gateway.cancel(child.runId);
        return { tag: 'cancelled' };
      }
      case 'attach':
        return { tag: 'attached', val: await this.#attach(command.session) };
      case 'delete':
        this.#child(command.session);
        await this.#gateway.delete(command.session);
        return { tag: 'deleted' };
    }
  }

  /** A repeated key gives the first receipt again, and a doubt stays one. Only what was plainly refused is asked anew. */
  #spawn(options: SpawnOptions): Promise<Receipt> {
    const key = options.idempotencyKey;
    let spawn = this.#spawns.get(key);
    if (!spawn) {
      const why = this.#options.forbidden?.(options);
      if (why) return Promise.reject(new Refused('forbidden', why));
      this.#records.asked(options, this.#sinceOpened());
      spawn = this.#gateway.spawn(options).then((receipt) => {
        // Noted at once, for the sweep: the answer may have been given up by now.
        this.#note(receipt);
        this.#records.accepted(options, receipt);
        return receipt;
      });
      this.#spawns.set(key, spawn);
      spawn.catch((error) => hostError(error).tag !== 'in-doubt' && this.#spawns.delete(key));
    }
    return spawn;
  }

  #note({ sessionKey, runId }: Receipt, earlier = false): void {
    const child = { runId, earlier, admitted: false, started: false, ended: false };
    this.#children.set(sessionKey, child);
    if (this.#swept) void this.#stopLate(sessionKey, child);
  }

  /** Nobody waits for this session any more, and it must not go on alone. */
  async #stopLate(session: string, child: Child): Promise<void> {
    const fate = (await this.#sweep(child)) ? 'was stopped' : 'could not be stopped';
    this.#records.warn(`a session that the gateway told of after the end of the run ${fate}: ${session}`);
  }

  /** The receipt of a session that an earlier call of this run spawned. */
  async #attach(session: string): Promise<Receipt> {
    const known = [...this.#records.known.values()].find(({ sessionKey }) => sessionKey === session);
    if (known) return known;
    const receipt = await this.#gateway.find(session);
    this.#note(receipt);
    return receipt;
  }

  async #history(query: HistoryQuery): Promise<HistoryPage> {
    return historyPage(await this.#gateway.messages(query.sessionKey), query);
  }

  #sinceOpened(): number {
    return (this.#options.fromMs ?? 0) + Math.max(0, Math.round(performance.now() - this.#openedMs));
  }

  #child(session: string): Child {
    const child = this.#children.get(session);
    if (!child) throw new Refused('not-found', `this call has no session ${session}`);
    return child;
  }

  #admit({ sessionKey }: Receipt): void {
    this.#child(sessionKey).admitted = true;
    if (this.#starts.has(sessionKey)) this.#start(sessionKey);
    // The sessions that are waited for have changed.
    this.#wait.abort();
    void this.#watch();
  }

  #start(session: string): void {
    this.#starts.add(session);
    const child = this.#children.get(session);
    if (!child?.admitted || child.started || child.ended) return;
    child.started = true;
    this.#records.started(session, this.#sinceOpened());
    this.#stream.push({ tag: 'session-started', val: session });
  }

  /** After a restart the gateway may list as failed what it tells no end of. */
  async #cutOff(session: string): Promise<void> {
    const child = this.#children.get(session);
    if (child?.earlier && child.admitted && !child.ended)
      this.#end(session, { status: 'failed' }, await this.#saidBy(session));
  }

  /** The transcript of a session, or nothing of it where it does not come in time. Never rejects. */
  #saidBy(session: string, millis = SHORT_TIMEOUT_MS): Promise<Spoken[]> {
    return withTimeout(millis, this.#gateway.messages(session)).catch(() => []);
  }

  #end(session: string, said: Fields, messages: Spoken[]): void {
    const child = this.#children.get(session);
    if (!child || child.ended) return;
    child.ended = true;
    const end = sessionEnd(session, said, messages);
    // No session outlives the gateway's process, whatever the next one says of it.
    if (child.earlier && end.outcome.tag === 'failed' && end.outcome.val.kind === 'other')
      end.outcome = { tag: 'interrupted' };
    this.#records.ended(end, this.#sinceOpened());
    this.#stream.push({ tag: 'session-ended', val: end });
  }

  /** Reports the end of sessions for as long as any is alive. Never rejects. */
  async #watch(): Promise<void> {
    if (this.#waiting) return;
    this.#waiting = true;
    for (;;) {
      const live = [...this.#children].filter(([, child]) => child.admitted && !child.ended);
      if (this.#closed || live.length === 0) break;
      const wait = new AbortController();
      this.#wait = wait;
      const anEnd = await this.#look(live, wait.signal).catch((error) => {
        this.#records.warn(`the end of a session could not be told: ${errorText(error)}`);
        return false;
      });
      // Without a pause, a gateway that answers at once and with nonsense would leave its own thread no time.
      if (!anEnd && !wait.signal.aborted) await pause();
      // Whoever still waits for this round does so for nobody.
      wait.abort();
    }
    this.#waiting = false;
  }

  /** Whether one of the sessions has ended. */
  async #look(live: [string, Child][], signal: AbortSignal): Promise<boolean> {
    const runIds = live.map(([, child]) => child.runId);
    const ends = await withTimeout(ANSWER_TIMEOUT_MS, this.#gateway.ends(runIds, signal)).catch(() => []);
    const reports = ends.map((said) => this.#report(said, live));
    return (await Promise.all(reports)).includes(true);
  }

  /** Whether this is the end of one of the sessions. */
  async #report(said: Fields, live: [string, Child][]): Promise<boolean> {
    const session = live.find(([, child]) => child.runId === text(said['runId']))?.[0];
    if (!session) return false;
    this.#end(session, said, await this.#saidBy(session));
    return true;
  }

  async #sweep(child: Child): Promise<boolean> {
    for (let attempt = 1; attempt <= SWEEPS; attempt++) {
      try {
        await withTimeout(SHORT_TIMEOUT_MS, this.#gateway.cancel(child.runId));
        return true;
      } catch {
        await pause();
      }
    }
    return false;
  }
}
