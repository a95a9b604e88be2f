/**
 * The host's side of the contract: requests become calls of the gateway, and everything that happens becomes one
 * ordered stream of events. No rule of the product is here; every request is answered, whatever the gateway does.
 */

import type {
  Command,
  Event,
  Happening,
  HistoryPage,
  HistoryQuery,
  HostFacts,
  Message,
  Receipt,
  Reply,
  SpawnOptions,
} from './contract.ts';
import { SessionLog } from './page.ts';
import { hasRedaction } from './redact.ts';
import type { Sessions } from './sessions.ts';
import { type Fields, Refused, hostError, sessionEnd, text } from './words.ts';

/** How long the gateway may take to answer a request before it counts as in doubt. */
const ANSWER_MS = 60_000;
/** How long a transcript may take, or an attempt to stop a session that is left over. */
const PATIENCE_MS = 5_000;
/** The pause after an attempt that brought nothing. */
const PAUSE_MS = 500;
/** Attempts to stop a session that is left over. */
const SWEEPS = 3;
/** The longest time that Node's timers know. */
const LONGEST_MS = 2 ** 31 - 1;

interface Child {
  runId: string;
  /** The gateway has been started anew since it was spawned. */
  earlier: boolean;
  /** The component has its receipt, so it may hear of it. */
  admitted: boolean;
  started: boolean;
  ended: boolean;
}

/** The receipts of a run by their idempotency keys, as far as they are kept beyond this process. */
export interface Receipts {
  known: Map<string, Receipt>;
  /** Called before the component hears of the receipt. */
  keep(key: string, receipt: Receipt): void;
}

/** What a run may be given beside its gateway. */
export interface Options {
  receipts?: Receipts;
  /** Told of every session. */
  log?: SessionLog;
  /** Why the operator does not allow a session; undefined if he does. */
  forbidden?(options: SpawnOptions): string | undefined;
  /** Called once, before the first request is carried out. */
  began?(): void;
}

export class Host {
  readonly #gateway: Sessions;
  readonly #options: Options;
  readonly #queue: Happening[];
  readonly #children = new Map<string, Child>();
  readonly #spawns = new Map<string, Promise<Receipt>>();
  /** Sessions that were seen to start; a child among them may not have its receipt yet. */
  readonly #starts = new Set<string>();
  readonly #stopListening: () => void;
  #deliver: ((what: Happening) => void) | undefined;
  readonly #log: SessionLog;
  #seq = 0n;
  #lastMs = 0;
  #openedMs = performance.now();
  #wait = new AbortController();
  #waiting = false;
  #began = false;
  #stopped = false;
  #closed = false;

  constructor(gateway: Sessions, facts: HostFacts, options: Options = {}) {
    this.#gateway = gateway;
    this.#options = options;
    this.#log = options.log ?? new SessionLog();
    for (const [key, receipt] of options.receipts?.known ?? []) {
      this.#spawns.set(key, Promise.resolve(receipt));
      this.#note(receipt, true);
    }
    this.#queue = [{ tag: 'opened', val: facts }];
    this.#stopListening = gateway.onStart((session) => this.#start(session));
  }

  /** The next event; never rejects. Only one may be waited for at a time. */
  async next(untilMs: bigint | undefined): Promise<Event> {
    const what = this.#queue.shift() ?? (await this.#happening(untilMs));
    if (what.tag === 'opened') this.#openedMs = performance.now();
    const least = what.tag === 'woke' ? Number(untilMs ?? 0n) : 0;
    this.#lastMs = Math.max(this.#lastMs, Math.floor(performance.now()), least);
    return { seq: this.#seq++, atMs: BigInt(this.#lastMs), what };
  }

  /** Carries a request out and answers it with an event; returns at once and never fails. */
  perform(command: Command): void {
    if (!this.#began) this.#options.began?.();
    this.#began = true;
    void this.#answer(command);
  }

  /** Asks the component to stop the whole run. */
  stop(reason: string): void {
    if (!this.#stopped) this.#tell({ tag: 'stop-requested', val: { reason } });
    this.#stopped = true;
  }

  /** Waits for the spawn calls that are under way: they use the turn's authority, which must not end before they do. */
  async settled(): Promise<void> {
    await within(PATIENCE_MS, Promise.allSettled(this.#spawns.values())).catch(() => {});
  }

  /** Ends the stream and stops every session that still runs. Returns those that could not be stopped. */
  async close(): Promise<string[]> {
    this.#closed = true;
    this.#wait.abort();
    this.#stopListening();
    this.#deliver?.({ tag: 'woke' });
    await this.settled();
    const left = [...this.#children].filter(([, child]) => !child.ended);
    const swept = left.map(async ([session, child]) => ((await this.#sweep(child)) ? [] : [session]));
    return (await Promise.all(swept)).flat();
  }

  #happening(untilMs: bigint | undefined): Promise<Happening> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      this.#deliver = (what) => {
        clearTimeout(timer);
        this.#deliver = undefined;
        resolve(what);
      };
      if (untilMs === undefined) return;
      const millis = Math.max(0, Number(untilMs) - performance.now());
      timer = setTimeout(() => this.#deliver?.({ tag: 'woke' }), Math.min(millis, LONGEST_MS));
    });
  }

  #tell(what: Happening): void {
    if (this.#deliver) this.#deliver(what);
    else this.#queue.push(what);
  }

  async #answer(command: Command): Promise<void> {
    const { request } = command;
    try {
      const reply = await within(ANSWER_MS, this.#carryOut(command));
      this.#tell({ tag: 'answered', val: { request, outcome: { tag: 'ok', val: reply } } });
      if (reply.tag === 'spawned' || reply.tag === 'watched') this.#admit(reply.val);
      if (command.kind === 'cancel') this.#end(command.session, { status: 'killed' }, []);
    } catch (error) {
      this.#tell({ tag: 'answered', val: { request, outcome: { tag: 'err', val: hostError(error) } } });
    }
  }

  async #carryOut(command: Command): Promise<Reply> {
    switch (command.kind) {
      case 'spawn':
        return { tag: 'spawned', val: await this.#spawn(command.options) };
      case 'list': {
        const page = await this.#gateway.list(command.filter);
        for (const { sessionKey, state } of page.sessions) if (state === 'failed') this.#cutOff(sessionKey);
        return { tag: 'listed', val: page };
      }
      case 'history':
        this.#child(command.query.sessionKey);
        return { tag: 'history', val: page(await this.#gateway.messages(command.query.sessionKey), command.query) };
      case 'cancel': {
        const child = this.#child(command.session);
        if (!child.ended) await this.#gateway.cancel(child.runId);
        return { tag: 'cancelled' };
      }
      case 'watch':
        return { tag: 'watched', val: await this.#find(command.session) };
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
      this.#log.asked(options, this.#sinceOpened());
      spawn = this.#gateway.spawn(options).then((receipt) => {
        // Noted at once, for the sweep: the answer may have been given up by now.
        this.#note(receipt);
        this.#log.accepted(options.label, receipt.sessionKey);
        this.#options.receipts?.keep(key, receipt);
        return receipt;
      });
      this.#spawns.set(key, spawn);
      spawn.catch((error) => hostError(error).tag !== 'in-doubt' && this.#spawns.delete(key));
    }
    return spawn;
  }

  #note({ sessionKey, runId }: Receipt, earlier = false): void {
    this.#children.set(sessionKey, { runId, earlier, admitted: false, started: false, ended: false });
  }

  /** The receipt of a session that an earlier call of this run spawned. */
  async #find(session: string): Promise<Receipt> {
    const known = [...(this.#options.receipts?.known.values() ?? [])].find(({ sessionKey }) => sessionKey === session);
    if (known) return known;
    const receipt = await this.#gateway.find(session);
    this.#note(receipt);
    return receipt;
  }

  #sinceOpened(): number {
    return Math.max(0, Math.round(performance.now() - this.#openedMs));
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
    this.#log.started(session, this.#sinceOpened());
    this.#tell({ tag: 'session-started', val: session });
  }

  /** After a restart the gateway may list as failed what it tells no end of. */
  #cutOff(session: string): void {
    const child = this.#children.get(session);
    if (child?.earlier && child.admitted) this.#end(session, { status: 'failed' }, []);
  }

  #end(session: string, said: Fields, messages: Message[]): void {
    const child = this.#children.get(session);
    if (!child || child.ended) return;
    child.ended = true;
    const end = sessionEnd(session, said, messages);
    // No session outlives the gateway's process, whatever the next one says of it.
    if (child.earlier && end.outcome.tag === 'failed' && end.outcome.val.kind === 'other')
      end.outcome = { tag: 'interrupted' };
    this.#log.ended(session, this.#sinceOpened(), end.completion);
    this.#tell({ tag: 'session-ended', val: end });
  }

  /** Reports the end of sessions for as long as any is alive. */
  async #watch(): Promise<void> {
    if (this.#waiting) return;
    this.#waiting = true;
    for (;;) {
      const live = [...this.#children].filter(([, child]) => child.admitted && !child.ended);
      if (this.#closed || live.length === 0) break;
      this.#wait = new AbortController();
      const runIds = live.map(([, child]) => child.runId);
      const ends = await within(ANSWER_MS, this.#gateway.ends(runIds, this.#wait.signal)).catch(() => []);
      const reports = ends.map((said) => this.#report(said, live));
      // Without a pause, a gateway that answers at once and with nonsense would leave its own thread no time.
      if (!(await Promise.all(reports)).includes(true) && !this.#wait.signal.aborted) await pause();
    }
    this.#waiting = false;
  }

  /** Whether this is the end of one of the sessions. */
  async #report(said: Fields, live: [string, Child][]): Promise<boolean> {
    const session = live.find(([, child]) => child.runId === text(said['runId']))?.[0];
    if (!session) return false;
    this.#end(session, said, await within(PATIENCE_MS, this.#gateway.messages(session)).catch(() => []));
    return true;
  }

  async #sweep(child: Child): Promise<boolean> {
    for (let attempt = 1; attempt <= SWEEPS; attempt++) {
      try {
        await within(PATIENCE_MS, this.#gateway.cancel(child.runId));
        return true;
      } catch {
        await pause();
      }
    }
    return false;
  }
}

/** The part of a transcript that was asked for; offsets count from its end. */
function page(messages: Message[], { offset, limit, includeTools }: HistoryQuery): HistoryPage {
  const all = messages.filter((message) => includeTools || message.role !== 'tool');
  const end = Math.max(0, all.length - offset);
  const start = Math.max(0, end - limit);
  const shown = all.slice(start, end);
  const redacted = shown.some(({ text }) => hasRedaction(text));
  return { messages: shown, hasMore: start > 0, droppedMessages: 0, redacted };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

async function within<T>(millis: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Refused('in-doubt', `the gateway gave no answer in ${millis / 1000} seconds`)),
      millis,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
