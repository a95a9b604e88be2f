/**
 * A completion of the gateway in place of a session, for agents that need no tools. Off unless the operator wants it.
 *
 * It is no session: no list shows it and no restart leaves anything of it. Its key says so, and so do the results.
 */

import { randomUUID } from 'node:crypto';

import type { ListFilter, Receipt, SessionPage, SpawnOptions } from './contract.ts';
import { inItsForm } from './forms.ts';
import { Refused } from './openclaw_mapping.ts';
import type { Sessions, Surroundings } from './sessions.ts';
import { type Spoken, message } from './transcript.ts';
import { type Fields, fields, text } from './values.ts';

const PREFIX = 'completion:';

const GONE = 'this completion is not kept any more, and none outlives the gateway’s process';

/**
 * OpenClaw answers a provider's refusal, whatever it is, with an empty text and the word `error`. Most of them pass, so it is
 * taken for what may be tried again; a key that is wrong costs the retries of its task.
 */
const NO_REASON =
  'internal error: the completion failed, and OpenClaw does not say why; a session would (completionsForToolFree: false)';

/** A call that is stopped may still give back what had arrived. */
const LAST_WORDS_MS = 500;

/** A completion that was asked for. */
export interface Completion {
  end: Promise<Fields>;
  /** The same, once it is there. */
  ended?: Fields;
  stop: AbortController;
  messages: Spoken[];
}

/** Whether this is the key, or the run, of a completion. */
export function isCompletion(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** Whether a completion can do what is asked. Another agent's configuration is not its to use, and it cannot be told how much to think. */
export function canComplete({ toolFree, agentId, thinking }: SpawnOptions): boolean {
  return toolFree && !agentId && !thinking;
}

/** Gives every session that is to have no tools to the completion call, and everything else to another route. */
export class Completions implements Sessions {
  readonly #around: Surroundings;
  readonly #others: Sessions;
  readonly #made: Map<string, Completion>;
  readonly #listeners = new Set<(session: string) => void>();
  /** Completions whose ends are heard of. */
  readonly #heard = new WeakSet<Completion>();
  /** Whoever waits for an end waits for this. */
  #anEnd = Promise.withResolvers<void>();

  /** `made` holds what is asked for; others may hold it too, and then go on with it. */
  constructor(around: Surroundings, others: Sessions, made = new Map<string, Completion>()) {
    this.#around = around;
    this.#others = others;
    this.#made = made;
  }

  onStart(listener: (session: string) => void): () => void {
    this.#listeners.add(listener);
    const stop = this.#others.onStart(listener);
    return () => {
      this.#listeners.delete(listener);
      stop();
    };
  }

  async spawn(options: SpawnOptions): Promise<Receipt> {
    if (!canComplete(options)) return this.#others.spawn(options);
    const sessionKey = `${PREFIX}${randomUUID()}`;
    const asked = { stop: new AbortController(), messages: [message({ role: 'user', content: options.task })] };
    const made: Completion = { ...asked, end: this.#complete(sessionKey, options, asked) };
    this.#made.set(sessionKey, made);
    void made.end.then((end) => (made.ended = end));
    for (const listener of this.#listeners) listener(sessionKey);
    return { sessionKey, runId: sessionKey, appliedModel: options.model, toolFree: true };
  }

  async ends(runIds: string[], signal: AbortSignal): Promise<Fields[]> {
    const over = this.ended(runIds);
    if (over.length > 0) return over;
    const others = runIds.filter((runId) => !isCompletion(runId));
    const waits = others.length > 0 ? [this.#others.ends(others, signal)] : [];
    if (others.length < runIds.length) waits.push(this.#anEndOf(runIds, signal));
    const aborted = new Promise<Fields[]>((resolve) => {
      if (signal.aborted) resolve([]);
      signal.addEventListener('abort', () => resolve([]), { once: true });
    });
    return Promise.race([...waits, aborted]);
  }

  /** Waits for the end of one of these. */
  async #anEndOf(runIds: string[], signal: AbortSignal): Promise<Fields[]> {
    for (const runId of runIds) this.#listen(this.#made.get(runId));
    for (;;) {
      await this.#anEnd.promise;
      const over = this.ended(runIds);
      if (over.length > 0 || signal.aborted) return over;
    }
  }

  /** Once for each, however often its end is waited for: a promise keeps all that wait for it. */
  #listen(made: Completion | undefined): void {
    if (!made || this.#heard.has(made)) return;
    this.#heard.add(made);
    void made.end.then(() => {
      const { resolve } = this.#anEnd;
      this.#anEnd = Promise.withResolvers();
      resolve();
    });
  }

  /** What became of those that are over by now. One that an earlier process had asked for ended with it. */
  ended(runIds: string[]): Fields[] {
    return runIds.filter(isCompletion).flatMap((runId) => {
      const made = this.#made.get(runId);
      if (!made) return [{ runId, status: 'failed', error: GONE }];
      return made.ended ? [made.ended] : [];
    });
  }

  async messages(session: string): Promise<Spoken[]> {
    const made = this.#made.get(session);
    if (!made && isCompletion(session)) throw new Refused('not-found', GONE);
    return made?.messages ?? this.#others.messages(session);
  }

  list(filter: ListFilter): Promise<SessionPage> {
    return this.#others.list(filter);
  }

  async cancel(runId: string): Promise<void> {
    const made = this.#made.get(runId);
    if (!made) return isCompletion(runId) ? undefined : this.#others.cancel(runId);
    made.stop.abort();
    // With what it had said by then.
    await made.end;
  }

  async delete(session: string): Promise<void> {
    const made = this.#made.get(session);
    if (!made) return isCompletion(session) ? undefined : this.#others.delete(session);
    // It stays known, so that one that was still under way has an end.
    made.stop.abort();
    made.messages.length = 0;
  }

  async find(session: string): Promise<Receipt> {
    if (isCompletion(session)) throw new Refused('not-found', GONE);
    return this.#others.find(session);
  }

  /** Never rejects. */
  async #complete(runId: string, options: SpawnOptions, made: Pick<Completion, 'stop' | 'messages'>): Promise<Fields> {
    const { stop, messages } = made;
    const limit = AbortSignal.timeout(options.runTimeoutSeconds * 1_000);
    const signal = AbortSignal.any([stop.signal, limit]);
    const end = (failure: Fields) => {
      if (stop.signal.aborted) return { runId, status: 'killed' };
      if (limit.aborted) return { runId, status: 'timeout' };
      return { runId, ...failure };
    };
    try {
      const answer = await inItsForm(options, (form) => this.#ask(options, form, signal));
      const { text: said, stopReason, errorMessage, provider, model, usage } = answer;
      // What has arrived is kept, however the call ended.
      if (text(said)) messages.push(message({ role: 'assistant', content: said, ...answer }));
      const error = text(errorMessage) ?? NO_REASON;
      if (isFailure(answer) || signal.aborted) return end({ status: 'failed', error, usage });
      if (!text(said)) messages.push(message({ role: 'assistant', content: '', stopReason, provider, model, usage }));
      return { runId, status: 'done', result: said, usage };
    } catch (error) {
      return end({ status: 'failed', error: text(fields(error)['message']) ?? 'the completion call failed' });
    }
  }

  async #ask(
    { task, model, maxOutputTokens }: SpawnOptions,
    responseFormat: Fields | undefined,
    signal: AbortSignal,
  ): Promise<Fields> {
    const request = {
      messages: [{ role: 'user', content: task }],
      model,
      signal,
      ...(maxOutputTokens === undefined ? {} : { maxTokens: maxOutputTokens }),
      ...(responseFormat === undefined ? {} : { responseFormat }),
    };
    const { runtime, turn, outside } = this.#around;
    const ask = async () => runtime.llm?.complete?.(request);
    return fields(await within(signal, turn.over ? outside(ask) : ask()));
  }
}

/** Errors come as an answer without text, and so does an agent that says nothing; only the reason tells them apart. */
function isFailure(answer: Fields): boolean {
  return ['error', 'aborted'].includes(text(answer['stopReason']) ?? '') || text(answer['text']) === undefined;
}

/** The work, or nothing more of it soon after the signal says so: a call that does not listen to its signal is left alone. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => setTimeout(() => reject(signal.reason), LAST_WORDS_MS).unref();
    if (signal.aborted) late();
    signal.addEventListener('abort', late, { once: true });
    work.then(resolve, reject);
  });
}
