/**
 * Tells a session of a run that ended, broke or was cut off while no call waited for it: once, in its next turn, and by waking
 * it where the operator wants that.
 *
 * OpenClaw keeps what the next turn is told in its own store, so a restart loses none of it. It is handed over when the session
 * has no turn under way: until then a call of that turn may still read the result, and then there is nothing to tell.
 */

import type { PluginApi } from './openclaw.ts';
import { onLife } from './sessions.ts';
import { errorText, fields } from './values.ts';

interface Notice {
  /** The run and what became of it; the same again is not told again. */
  name: string;
  /** The session that asked for the run. */
  owner: string;
  text: () => Promise<string>;
  wakes: boolean;
  /** Whether there is still something to tell. */
  isDue: () => boolean;
  /** OpenClaw has taken it. */
  given: () => void;
}

type Outside = <T>(work: () => T) => T;

export class Notices {
  readonly #api: PluginApi;
  readonly #outside: Outside;
  /** The turns that are under way, by session. */
  readonly #turns = new Map<string, Set<string>>();
  /** What waits for the end of these turns. */
  readonly #waiting = new Map<string, Notice[]>();
  readonly stop: () => void;

  constructor(api: PluginApi, outside: Outside) {
    this.#api = api;
    this.#outside = outside;
    this.stop = onLife(api, (phase, session, runId = '') => {
      if (phase === 'start') this.#turns.set(session, (this.#turns.get(session) ?? new Set()).add(runId));
      else if (phase === 'end' || phase === 'error') this.#ended(session, runId);
    });
  }

  /** Whether this OpenClaw can tell a session anything. */
  static areThere({ session }: PluginApi): boolean {
    return session?.workflow?.enqueueNextTurnInjection !== undefined;
  }

  /** Hands a notice over as soon as its session has no turn under way. Throws nothing. */
  give(notice: Notice): void {
    const { owner } = notice;
    if (this.#turns.has(owner)) this.#waiting.set(owner, [...(this.#waiting.get(owner) ?? []), notice]);
    else void this.#hand(notice);
  }

  #ended(session: string, runId: string): void {
    const turns = this.#turns.get(session);
    turns?.delete(runId);
    if (!turns || turns.size > 0) return;
    this.#turns.delete(session);
    const waiting = this.#waiting.get(session) ?? [];
    this.#waiting.delete(session);
    for (const notice of waiting) void this.#hand(notice);
  }

  /** Never rejects. What could not be handed over stays due, and is tried again when the gateway starts. */
  async #hand({ name, owner: sessionKey, text, wakes, isDue, given }: Notice): Promise<void> {
    try {
      if (!isDue()) return;
      const injection = { sessionKey, text: await text(), idempotencyKey: name, placement: 'prepend_context' };
      if (!isDue()) return;
      const enqueue = async () => this.#api.session?.workflow?.enqueueNextTurnInjection?.(injection);
      // Without a name nothing was taken; what is there already is named, and not taken twice.
      if (!fields(await this.#outside(enqueue))['id']) return this.#warn(name, 'OpenClaw did not take it');
      given();
      const wake = { source: 'background-task', intent: 'immediate', reason: 'background-task', sessionKey };
      if (wakes) this.#outside(() => this.#api.runtime.system?.requestHeartbeat?.(wake));
    } catch (error) {
      this.#warn(name, errorText(error));
    }
  }

  #warn(name: string, why: string): void {
    this.#api.logger.warn(`a session could not be told what became of ${name}: ${why}`);
  }
}
