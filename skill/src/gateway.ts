/** The calling session's own session functions, one method per request of the contract. Methods may throw anything. */

import { randomUUID } from 'node:crypto';

import type {
  HistoryPage,
  HistoryQuery,
  HostFacts,
  ListFilter,
  Message,
  Receipt,
  SessionPage,
  SpawnOptions,
} from './contract.ts';
import type { CoreTool, CreateTools, Runtime, ToolContext } from './openclaw.ts';
import { type Fields, Refused, fields, list, message, receipt, sessionRow, text } from './words.ts';

/** All that a session without tools keeps: the host fails a session that has no tool at all, and this one only reads. */
const HARMLESS_TOOL = 'get_goal';

/** Sessions that OpenClaw runs at once where its configuration names no number. */
const DEFAULT_WIDTH = 8;

/** Messages or sessions that OpenClaw gives out at once. */
const MOST_ROWS = 1_000;

export interface Surroundings {
  runtime: Runtime;
  context: ToolContext;
  createTools: CreateTools;
  /** The turn that the tool call belongs to; with it, stopping the turn also stops the sessions. */
  runId: string | undefined;
  /** Runs something outside of the turn: when that has been stopped, sessions can be stopped only from there. */
  outside: <T>(work: () => T) => T;
}

export class Gateway {
  readonly #around: Surroundings;
  readonly #group = `parallel-agents-${randomUUID()}`;
  readonly #tools = new Map<boolean, CoreTool[]>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  facts(seed: bigint): HostFacts {
    const config = fields(this.#around.context.getRuntimeConfig?.());
    const swarm = fields(fields(config['tools'])['swarm'])['maxConcurrent'];
    const lane = fields(fields(fields(config['agents'])['defaults'])['subagents'])['maxConcurrent'];
    const isWidth = (width: unknown): width is number => Number.isSafeInteger(width) && Number(width) >= 1;
    const widths = [swarm, lane].map((width) => (isWidth(width) ? width : DEFAULT_WIDTH));
    const reportsStarts = this.#around.runtime.events?.onAgentEvent !== undefined;
    return { name: 'openclaw', seed, maxConcurrent: Math.min(...widths, 1_000), reportsStarts, keepsJournal: false };
  }

  /** Tells `listener` the key of every session that begins to run. Returns what ends that. */
  onStart(listener: (session: string) => void): () => void {
    const stop = this.#around.runtime.events?.onAgentEvent?.((event) => {
      const { stream, data, sessionKey } = fields(event);
      if (stream === 'lifecycle' && fields(data)['phase'] === 'start' && text(sessionKey))
        listener(sessionKey as string);
    });
    return stop ?? (() => {});
  }

  async spawn(options: SpawnOptions): Promise<Receipt> {
    const { task, label, taskName, agentId, model, thinking, runTimeoutSeconds, toolFree } = options;
    const asked = { task, label, taskName, agentId, model, thinking, runTimeoutSeconds };
    // Collected sessions announce nothing and are waited for. They are always kept, for the component to delete: the
    // host would delete while the answer is still being read.
    const fixed = { collect: true, groupId: this.#group, cleanup: 'keep' };
    return receipt(await this.#use('sessions_spawn', { ...asked, ...fixed }, undefined, toolFree));
  }

  /** Waits until at least one of the runs has ended; what it says of those that have. Empty: none has, ask again. */
  async ends(runIds: string[], signal: AbortSignal): Promise<Fields[]> {
    // Well below the time after which OpenClaw takes a tool call without a sign of life for stuck.
    const { completed, errors } = await this.#use('agents_wait', { ids: runIds, timeoutSeconds: 45 }, signal);
    const lost = list(errors).map((error) => ({ status: 'failed', ...fields(error) }));
    return [...list(completed).map(fields), ...lost];
  }

  async messages(session: string): Promise<Message[]> {
    const { subagent } = this.#around.runtime;
    const query = { sessionKey: session, limit: MOST_ROWS };
    const { messages } = fields(await this.#outside(() => subagent.getSessionMessages(query)));
    return rowsOf(messages, 'messages').map(message);
  }

  async history({ sessionKey, offset, limit, includeTools }: HistoryQuery): Promise<HistoryPage> {
    const all = (await this.messages(sessionKey)).filter((message) => includeTools || message.role !== 'tool');
    const end = Math.max(0, all.length - offset);
    const start = Math.max(0, end - limit);
    return { messages: all.slice(start, end), hasMore: start > 0, droppedMessages: 0, redacted: false };
  }

  async list({ search, spawnedBy, offset, limit }: ListFilter): Promise<SessionPage> {
    const rows = (await this.#rows(search)).filter((row) => {
      const named = [row['key'], row['label']].some((name) => text(name)?.includes(search ?? ''));
      return named && (spawnedBy === undefined || row['parentSessionKey'] === spawnedBy);
    });
    return { sessions: rows.slice(offset, offset + limit).map(sessionRow), hasMore: rows.length > offset + limit };
  }

  async cancel(runId: string): Promise<void> {
    const caller = { sessionKey: this.#around.context.sessionKey ?? '' };
    const { async: reading, runs } = this.#around.runtime.tasks;
    const find = () => this.#outside(() => reading.runs.bindSession(caller).resolve(runId));
    const task = await find();
    if (task === undefined || task === null) throw new Refused('not-found', 'the host knows no such run');
    const taskId = text(fields(task)['id']);
    if (!taskId) throw new Refused('in-doubt', 'the host does not name the task of the session');
    const cfg = this.#around.context.getRuntimeConfig?.();
    const { cancelled } = fields(await this.#outside(() => runs.bindSession(caller).cancel({ taskId, cfg })));
    if (cancelled === true) return;
    const status = text(fields(await find())['status']);
    if (status === undefined || status === 'queued' || status === 'running')
      throw new Refused('busy', 'the host did not stop the session');
  }

  async delete(session: string): Promise<void> {
    const row = (await this.#rows(session)).find((row) => row['key'] === session);
    if (!row) return;
    const expected = { sessionKey: session, expectedSessionId: row['sessionId'], deleteTranscript: true };
    const answer = await this.#use('sessions', { action: 'delete', ...expected });
    if (answer['deleted'] !== true)
      throw new Refused('in-doubt', text(answer['error']) ?? 'the host did not delete the session');
  }

  /** OpenClaw searches in more than the contract says, so the caller still has to look at each row. */
  async #rows(search: string | undefined): Promise<Fields[]> {
    return rowsOf((await this.#use('sessions_list', { limit: MOST_ROWS, search }))['sessions'], 'sessions').map(fields);
  }

  async #use(name: string, parameters: object, signal?: AbortSignal, lean = false): Promise<Fields> {
    const tool = this.#toolSet(lean).find((tool) => tool.name === name);
    if (!tool) throw new Refused('unsupported', `this session has no tool ${name}`);
    const run = () => tool.execute(randomUUID(), parameters, signal);
    // Only spawning needs the turn's authority.
    return fields(fields(await (name === 'sessions_spawn' ? run() : this.#outside(run)))['details']);
  }

  #outside<T>(work: () => Promise<T>): Promise<T> {
    return this.#around.outside(work);
  }

  /** The caller's tools; `lean` ones spawn sessions that have (almost) none. */
  #toolSet(lean: boolean): CoreTool[] {
    let tools = this.#tools.get(lean);
    if (!tools) {
      const { context, createTools, runId } = this.#around;
      const { agentId, sessionKey, sessionId, agentDir, workspaceDir, senderIsOwner, activeModel } = context;
      // Read by the host at every spawn: the tools that the session inherits. Empty means all.
      const inherited: string[] = [];
      tools = createTools({
        agentId,
        sessionKey,
        sessionId,
        agentDir,
        workspaceDir,
        senderIsOwner,
        runId,
        config: context.getRuntimeConfig?.(),
        modelProvider: activeModel?.provider,
        modelId: activeModel?.modelId,
        inheritedToolAllowlistRef: inherited,
      });
      // Set afterwards, since the host writes its own restrictions into the list while it makes the tools.
      if (lean && tools.some((tool) => tool.name === HARMLESS_TOOL))
        inherited.splice(0, inherited.length, HARMLESS_TOOL);
      this.#tools.set(lean, tools);
    }
    return tools;
  }
}

/** Rows of an answer. An answer without any is not one that says "none". */
function rowsOf(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw new Refused('in-doubt', `the answer of the host has no ${name}`);
  return value;
}
