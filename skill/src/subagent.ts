/**
 * The leaner route, for sessions that have no session tools: OpenClaw's own sub-agents, run by the plugin.
 *
 * They belong to the main session of the calling agent, and OpenClaw gives them neither a label nor a time limit, so both
 * are kept here.
 */

import { randomUUID } from 'node:crypto';

import type { ListFilter, Receipt, SessionPage, SessionRow, SpawnOptions } from './contract.ts';
import { Refused } from './openclaw_mapping.ts';
import { type Sessions, type Surroundings, cancelTask, endOf, onStart, rowsOf, withoutClient } from './sessions.ts';
import { type Spoken, message } from './transcript.ts';
import { type Fields, fields, text } from './values.ts';

/** Well below the time after which OpenClaw takes a tool call without a sign of life for stuck. */
const LOOK_MS = 45_000;

const NO_THINKING =
  'a session without session tools cannot say how much its sub-agents think: leave thinking out, or give it sessions_spawn and agents_wait';

interface Made {
  runId: string;
  label: string;
  model: string | undefined;
  state: SessionRow['state'];
}

export class Subagents implements Sessions {
  readonly #around: Surroundings;
  readonly #made = new Map<string, Made>();
  /** What is being waited for; there is no way to stop such a wait. */
  readonly #waits = new Map<string, Promise<Fields | undefined>>();
  readonly #clocks = new Map<string, NodeJS.Timeout>();
  readonly #late = new Set<string>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Whether this OpenClaw has what the route needs. */
  static areThere({ runtime: { subagent } }: Surroundings): boolean {
    return Boolean(subagent?.run && subagent.waitForRun && subagent.deleteSession);
  }

  onStart(listener: (session: string) => void): () => void {
    return onStart(this.#around, listener);
  }

  async spawn(options: SpawnOptions): Promise<Receipt> {
    const { task, label, agentId, model, thinking, runTimeoutSeconds, toolFree } = options;
    // Better none than one that thinks as it likes.
    if (thinking) throw new Refused('unsupported', NO_THINKING);
    const { runtime, context, turn } = this.#around;
    const request = {
      sessionKey: `agent:${agentId ?? context.agentId ?? 'main'}:subagent:parallel-agents-${randomUUID()}`,
      message: task,
      deliver: false,
      // Any other lane waits for the turn that waits for it, or lets one session run at a time.
      lane: 'subagent',
      model,
      idempotencyKey: randomUUID(),
      ...(toolFree ? { disableTools: true, lightContext: true } : {}),
    };
    const run = () => runtime.subagent.run?.(request) ?? Promise.reject(new Refused('unsupported', 'no sub-agents'));
    const answer = fields(await (turn.over ? withoutClient(run) : run()));
    const [runId, sessionKey] = [text(answer['runId']), text(answer['sessionKey']) ?? request.sessionKey];
    if (!runId) throw new Refused('in-doubt', 'the host gave the run of the session no name');
    const applied = fields(fields(answer['runtime']));
    const names = [text(applied['provider']), text(applied['model'])].filter((name) => name);
    const appliedModel = names.length === 2 ? names.join('/') : undefined;
    this.#made.set(sessionKey, { runId, label, model: appliedModel, state: 'running' });
    const clock = setTimeout(() => this.#expire(runId), runTimeoutSeconds * 1_000);
    this.#clocks.set(runId, clock.unref());
    return { sessionKey, runId, appliedModel, toolFree };
  }

  async ends(runIds: string[], signal: AbortSignal): Promise<Fields[]> {
    const aborted = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const end = await Promise.race([...runIds.map((runId) => this.#end(runId)), aborted]);
    return end ? [end] : [];
  }

  async messages(session: string): Promise<Spoken[]> {
    const { runtime } = this.#around;
    const query = { sessionKey: session, limit: 1_000 };
    const { messages } = fields(await withoutClient(() => runtime.subagent.getSessionMessages(query)));
    return rowsOf(messages, 'messages').map(message);
  }

  /** Only what this run made: OpenClaw knows these sessions by their keys alone. */
  async list({ search = '', offset, limit }: ListFilter): Promise<SessionPage> {
    const rows = [...this.#made].filter(([key, { label }]) => key.includes(search) || label.includes(search));
    const row = ([sessionKey, { label, model, state }]: [string, Made]): SessionRow => ({
      sessionKey,
      label,
      model,
      state,
      usage: undefined,
    });
    return { sessions: rows.slice(offset, offset + limit).map(row), hasMore: rows.length > offset + limit };
  }

  cancel(runId: string): Promise<void> {
    return cancelTask(this.#around, this.#owner(), runId);
  }

  async delete(session: string): Promise<void> {
    const { runtime } = this.#around;
    await withoutClient(async () => runtime.subagent.deleteSession?.({ sessionKey: session, deleteTranscript: true }));
    this.#made.delete(session);
  }

  async find(session: string): Promise<Receipt> {
    const made = this.#made.get(session);
    if (!made) throw new Refused('not-found', `the host no longer knows the session ${session}`);
    return { sessionKey: session, runId: made.runId, appliedModel: made.model, toolFree: false };
  }

  /**
   * The end of one run, or that it has none yet: the host then asks again, after a pause, for as long as it wants to know.
   * Each is waited for once at a time, however often it is asked for.
   */
  #end(runId: string): Promise<Fields | undefined> {
    let wait = this.#waits.get(runId);
    if (!wait) {
      wait = this.#look(runId).finally(() => this.#waits.delete(runId));
      this.#waits.set(runId, wait);
    }
    return wait;
  }

  async #look(runId: string): Promise<Fields | undefined> {
    const { runtime } = this.#around;
    const said = fields(await withoutClient(async () => runtime.subagent.waitForRun?.({ runId, timeoutMs: LOOK_MS })));
    const reply = fields(said['terminalReply']);
    // After a restart the host waits for nothing and says that it is not yet time.
    const end =
      said['status'] === 'timeout'
        ? await endOf(this.#around, this.#owner(), runId)
        : { runId, status: this.#status(runId, said), error: said['error'], stopReason: said['stopReason'], result: text(reply['text']) ?? '' };
    if (end) this.#settle(runId, end['status'] === 'done' ? 'completed' : 'failed');
    return end;
  }

  #status(runId: string, { status, stopReason }: Fields): string {
    if (status === 'ok') return 'done';
    if (this.#late.has(runId)) return 'timeout';
    return ['aborted', 'delete', 'rpc'].includes(text(stopReason) ?? '') ? 'killed' : 'failed';
  }

  #settle(runId: string, state: SessionRow['state']): void {
    clearTimeout(this.#clocks.get(runId));
    this.#clocks.delete(runId);
    const made = [...this.#made.values()].find((made) => made.runId === runId);
    if (made) made.state = state;
  }

  #expire(runId: string): void {
    this.#late.add(runId);
    // A session that would not stop is swept with the run.
    this.cancel(runId).catch(() => {});
  }

  #owner(): string {
    return `agent:${this.#around.context.agentId ?? 'main'}:main`;
  }
}
