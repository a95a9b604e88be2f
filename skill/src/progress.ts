/**
 * How far a run is, for people: one line at the call that waits for it, and one card of the session that asked for it, both of
 * which change and do not repeat.
 *
 * The card is OpenClaw's `progress_card`, of which a session has one. A session whose agent keeps that itself is left alone.
 */

import { randomUUID } from 'node:crypto';

import type { Config } from './config.ts';
import type { CoreTool, CreateTools, PluginApi, ToolContext } from './openclaw.ts';
import { type Run, runs } from './runs.ts';
import { errorText } from './values.ts';

const TOOL = 'progress_card';

/** A card changes so often at the most; a run that takes less long has none. */
const CARD_MS = 3_000;
/** And a line. */
const LINE_MS = 1_000;

/** By this the plugin's own calls are told from the agent's. */
const OWN = 'parallel-agents-card-';

const MOST_SESSIONS = 1_000;

const shared = globalThis as { [key: symbol]: unknown };
/** Sessions whose agents keep the card. */
const kept = (shared[Symbol.for('parallel-agents.kept-cards')] ??= new Set()) as Set<string>;

/** What it takes to keep a card. */
interface Place {
  api: PluginApi;
  config: Config;
  context: ToolContext;
  outside: <T>(work: () => T) => T;
  loadTools: () => Promise<CreateTools | undefined>;
}

/** Looks at a tool call: an agent that keeps its card itself goes on doing so. */
export function noteCard(toolName: string | undefined, callId: string | undefined, session: string | undefined): void {
  if (toolName !== TOOL || !session || callId?.startsWith(OWN)) return;
  kept.add(session);
  for (const oldest of kept) {
    if (kept.size <= MOST_SESSIONS) break;
    kept.delete(oldest);
  }
}

/** Does something some time after it is due, once for however often that was. */
class Paced {
  readonly #ms: number;
  readonly #work: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, work: () => void) {
    this.#ms = ms;
    this.#work = work;
  }

  due(): void {
    this.#timer ??= setTimeout(() => this.now(), this.#ms).unref();
  }

  /** Leaves undone what is due. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Does what is due, if anything is. */
  now(): void {
    if (this.#timer === undefined) return;
    this.drop();
    this.#work();
  }
}

/** Shows how far a run is at a call that waits for it. Returns what ends that. */
export function showLine(run: Run, onUpdate?: (update: object) => void): () => void {
  const paced = new Paced(LINE_MS, () => {
    const text = lineOf(run);
    try {
      onUpdate?.({ content: [{ type: 'text', text }], details: {}, progress: { text, visibility: 'channel', privacy: 'public' } });
    } catch {
      // Progress is for display only.
    }
  });
  const stop = run.onProgress(() => paced.due());
  return () => {
    stop();
    paced.now();
  };
}

/** Keeps the card of the session that asked for a run, until that has ended. Throws nothing. */
export function keepCard(run: Run, { api, config, context, outside, loadTools }: Place): void {
  const { owner } = run.record;
  if (!config.progressCard || !owner) return;
  let writes = Promise.resolve();
  let hasBegun = false;
  let tool: Promise<CoreTool | undefined> | undefined;
  const find = async (): Promise<CoreTool | undefined> => {
    const { agentId, sessionKey, sessionId, agentDir, workspaceDir, senderIsOwner, activeModel } = context;
    const [modelProvider, modelId] = [activeModel?.provider, activeModel?.modelId];
    const options = { agentId, sessionKey, sessionId, agentDir, workspaceDir, senderIsOwner, modelProvider, modelId, config: context.getRuntimeConfig?.() };
    const create = await loadTools();
    // Outside of the turn, which the run may outlast.
    return outside(() => create?.(options))?.find(({ name }) => name === TOOL);
  };
  const write = async (): Promise<void> => {
    if (kept.has(owner)) return;
    try {
      const card = await (tool ??= find());
      if (!card || kept.has(owner)) return;
      await outside(() => card.execute(`${OWN}${randomUUID()}`, { markdown: cardOf(owner, run) }));
    } catch (error) {
      api.logger.warn(`the progress card of ${owner} could not be written: ${errorText(error)}`);
      kept.add(owner);
    }
  };
  const paced = new Paced(CARD_MS, () => {
    hasBegun = true;
    writes = writes.then(write);
  });
  const stop = run.onProgress(() => paced.due());
  void run.done.then(() => {
    stop();
    // A run that has ended before the first card has none.
    if (!hasBegun) return paced.drop();
    paced.due();
    paced.now();
  });
}

/** All runs of a session that go on, and the one whose end is to be seen too. */
function cardOf(owner: string, run: Run): string {
  const shown = [...new Set([...runs.of(owner).filter((other) => other.live), run])];
  return shown.map((one) => {
    const { ended = 0, total = 0 } = one.last ?? {};
    const bar = `<progress aria-label="Tasks ended · ${ended}/${total}" value="${ended}" max="${total}"></progress>`;
    return `${bar}\n\n${lineOf(one)}. Run \`${one.record.run_id}\` (${one.record.function}).`;
  }).join('\n\n');
}

/** N of M, failed, spent, time left. */
function lineOf(run: Run): string {
  const { ended = 0, running = 0, total = 0 } = run.last ?? {};
  const { bad, tokens, leftMs } = run.standing;
  const parts = [
    `${ended} of ${total} tasks ended`,
    bad > 0 && `${bad} without success`,
    run.live && `${running} running`,
    tokens > 0 && `${tokens.toLocaleString('en-US')} tokens`,
    leftMs !== undefined && `about ${duration(leftMs)} left`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  return seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
