/** The door's sessions where the operator wants completions for agents without tools. */

import { type Completion, Completions, canComplete, isCompletion } from './completion.ts';
import type { Receipt, SpawnOptions } from './contract.ts';
import type { Gateway } from './gateway.ts';
import type { Surroundings } from './sessions.ts';
import type { Fields } from './values.ts';

/** Completions whose answers are kept for programs that have not deleted them. */
const MOST_KEPT = 10_000;

/** Characters of all of them together, prompts included. */
const MOST_CHARS = 1 << 27;

export class DoorCompletions extends Completions {
  readonly #gateway: Gateway;
  readonly #made: Map<string, Completion>;
  readonly #mostChars: number;

  /** `made` is what all loads of the plugin in this process have asked for. */
  constructor(around: Surroundings, gateway: Gateway, made: Map<string, Completion>, mostChars = MOST_CHARS) {
    super(around, gateway, made);
    this.#gateway = gateway;
    this.#made = made;
    this.#mostChars = mostChars;
  }

  override async spawn(options: SpawnOptions, group?: string): Promise<Receipt> {
    if (!canComplete(options)) return this.#gateway.spawn(options, group);
    this.#forget();
    return super.spawn(options);
  }

  /** What is known of those that have ended by now. */
  async endedBy(runIds: string[], signal: AbortSignal): Promise<Fields[]> {
    const others = runIds.filter((runId) => !isCompletion(runId));
    return [...this.ended(runIds), ...(others.length > 0 ? await this.#gateway.endedBy(others, signal) : [])];
  }

  override async delete(session: string): Promise<void> {
    await super.delete(session);
    // Its key says that it is deleted, so nobody asks for its end any more.
    if (this.#made.get(session)?.ended) this.#made.delete(session);
  }

  #forget(): void {
    let chars = [...this.#made.values()].reduce((sum, made) => sum + charsOf(made), 0);
    for (const [name, made] of this.#made) {
      if (this.#made.size < MOST_KEPT && chars <= this.#mostChars) return;
      if (!made.ended) continue;
      this.#made.delete(name);
      chars -= charsOf(made);
    }
  }
}

function charsOf({ messages }: Completion): number {
  return messages.reduce((sum, { text }) => sum + text.length, 0);
}
