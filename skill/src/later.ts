/**
 * Sessions whose way is looked for when the first of them is wanted. Making the tools of a session takes OpenClaw 15 to 50 ms, and
 * more on a busy machine; a run of completions needs none of them.
 */

import type { ListFilter, Receipt, SessionPage, SpawnOptions } from './contract.ts';
import type { Sessions } from './sessions.ts';
import type { Spoken } from './transcript.ts';
import type { Fields } from './values.ts';

type Listener = (session: string) => void;

export class Later implements Sessions {
  readonly #find: () => Sessions;
  #found: Sessions | undefined;
  /** Who wants to hear of starts, each with what ends that. */
  readonly #listeners = new Map<Listener, () => void>();

  constructor(find: () => Sessions) {
    this.#find = find;
  }

  get #sessions(): Sessions {
    if (!this.#found) {
      this.#found = this.#find();
      for (const listener of this.#listeners.keys()) this.#listeners.set(listener, this.#found.onStart(listener));
    }
    return this.#found;
  }

  onStart(listener: Listener): () => void {
    this.#listeners.set(listener, this.#found?.onStart(listener) ?? (() => {}));
    return () => {
      this.#listeners.get(listener)?.();
      this.#listeners.delete(listener);
    };
  }

  async spawn(options: SpawnOptions): Promise<Receipt> {
    return this.#sessions.spawn(options);
  }

  async ends(runIds: string[], signal: AbortSignal): Promise<Fields[]> {
    return this.#sessions.ends(runIds, signal);
  }

  async messages(session: string): Promise<Spoken[]> {
    return this.#sessions.messages(session);
  }

  async list(filter: ListFilter): Promise<SessionPage> {
    return this.#sessions.list(filter);
  }

  async cancel(runId: string): Promise<void> {
    return this.#sessions.cancel(runId);
  }

  async delete(session: string): Promise<void> {
    return this.#sessions.delete(session);
  }

  async find(session: string): Promise<Receipt> {
    return this.#sessions.find(session);
  }
}
