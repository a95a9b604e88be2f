/** The calling session's own session tools: what they spawn belongs to the caller and obeys its policy. */

import { randomUUID } from 'node:crypto';

import { forgetOldest } from './bounded.ts';
import type { ListFilter, Receipt, SessionPage, SpawnOptions } from './contract.ts';
import type { CoreTool, CreateTools } from './openclaw.ts';
import { Refused, receipt, sessionRow } from './openclaw_mapping.ts';
import { type Sessions, type Surroundings, cancelTask, endOf, onLife, rowsOf, withoutClient } from './sessions.ts';
import { type Spoken, message } from './transcript.ts';
import { type Fields, fields, list, text } from './values.ts';

/** All that a session without tools keeps: the host fails a session that has no tool at all, and this one only reads. */
const HARMLESS_TOOL = 'get_goal';

/** Messages or sessions that OpenClaw gives out at once. */
const MOST_ROWS = 1_000;

/** How far back the host's list of sub-agents is read for a session from before a restart: a day. */
const RECENT_MINUTES = 1_440;

/** How often sessions are looked after of whose end nobody tells, as of one that is stopped in the host's queue. */
const LOOK_MS = 5_000;

/** The host tells of an end a moment before it has the result. */
const MOMENT_SECONDS = 1;

/** A wait without anybody who tells of ends: well below the time after which OpenClaw takes a tool call for stuck. */
const WAIT_SECONDS = 45;

/** Ends that are remembered until somebody waits for them. */
const MOST_REPORTED = 10_000;

/** Without these a session cannot be run and waited for. */
const NEEDED = ['sessions_spawn', 'agents_wait'];

export class Gateway implements Sessions {
  readonly #around: Surroundings;
  readonly #createTools: CreateTools;
  readonly #group = `parallel-agents-${randomUUID()}`;
  readonly #tools = new Map<string, CoreTool[]>();
  readonly #lookMs: number;
  /** Runs that OpenClaw has reported as ended. */
  readonly #reportedEnds = new Set<string>();
  readonly #waits = new Set<() => void>();

  constructor(around: Surroundings, createTools: CreateTools, lookMs = LOOK_MS) {
    this.#around = around;
    this.#createTools = createTools;
    this.#lookMs = lookMs;
  }

  /** The tools that this route needs and the calling session does not have. */
  lacks(): string[] {
    const names = this.#toolSet(false).map((tool) => tool.name);
    return NEEDED.filter((name) => !names.includes(name));
  }

  onStart(listener: (session: string) => void): () => void {
    return onLife(this.#around, (phase, session, runId) => {
      if (phase === 'start') return listener(session);
      if (!runId || (phase !== 'end' && phase !== 'error')) return;
      this.#reportedEnds.add(runId);
      // Those of the whole gateway are told here; one that is forgotten is looked after all the same.
      forgetOldest(this.#reportedEnds, MOST_REPORTED);
      for (const look of this.#waits) look();
    });
  }

  async spawn(options: SpawnOptions, groupId = this.#group): Promise<Receipt> {
    const { task, label, taskName, agentId, model, thinking, runTimeoutSeconds, toolFree } = options;
    const asked = { task, label, taskName, agentId, model, thinking, runTimeoutSeconds };
    // Collected sessions announce nothing and are waited for. They are always kept, for the component to delete: the
    // host would delete while the answer is still being read.
    const fixed = { collect: true, groupId, cleanup: 'keep' };
    // Who has no tools has no use for what the workspace says of them.
    const lean = toolFree ? { lightContext: true } : {};
    return receipt(await this.#use('sessions_spawn', { ...asked, ...fixed, ...lean }, undefined, toolFree));
  }

  /**
   * While `agents_wait` waits, the host reads the records of all sessions again whenever one of them changes, which for
   * fifty sessions is a good part of its work. So it waits for those that were reported as ended, and all others are
   * looked after now and then.
   */
  async ends(runIds: string[], signal: AbortSignal): Promise<Fields[]> {
    if (!this.#around.runtime.events?.onAgentEvent) return this.#ended(runIds, WAIT_SECONDS, signal);
    await this.#anEnd(runIds, signal);
    const reported = runIds.filter((runId) => this.#reportedEnds.has(runId));
    const ends = reported.length > 0 && !signal.aborted ? await this.#ended(reported, MOMENT_SECONDS, signal) : [];
    // A session may be reported as ended and go on, and must not hide the others.
    return ends.length > 0 || signal.aborted ? ends : this.#ended(runIds, 0, signal);
  }

  /** What the host says of those that have ended by now. */
  endedBy(runIds: string[], signal: AbortSignal): Promise<Fields[]> {
    return this.#ended(runIds, 0, signal);
  }

  async #ended(ids: string[], timeoutSeconds: number, signal: AbortSignal): Promise<Fields[]> {
    const { completed, errors } = await this.#use('agents_wait', { ids, timeoutSeconds }, signal);
    const lost = list(errors).map(fields).map((error) => this.#lost(error));
    return [...list(completed).map(fields), ...(await Promise.all(lost)).flat()];
  }

  /** Waits until one of the runs is reported as ended, or it is time to look after all of them. */
  #anEnd(runIds: string[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', go);
        this.#waits.delete(look);
        resolve();
      };
      const look = () => runIds.some((runId) => this.#reportedEnds.has(runId)) && go();
      const timer = setTimeout(go, this.#lookMs);
      this.#waits.add(look);
      signal.addEventListener('abort', go);
      if (signal.aborted) go();
      else look();
    });
  }

  /** A run that cannot be waited for may be known to the list of tasks. */
  async #lost(error: Fields): Promise<Fields[]> {
    const failed = { status: 'failed', ...error };
    const end = await endOf(this.#around, this.#caller(), text(error['runId']) ?? '').catch(() => failed);
    return end ? [end] : [];
  }

  async messages(session: string): Promise<Spoken[]> {
    const { subagent } = this.#around.runtime;
    const query = { sessionKey: session, limit: MOST_ROWS };
    const { messages } = fields(await withoutClient(() => subagent.getSessionMessages(query)));
    return rowsOf(messages, 'messages').map(message);
  }

  async list({ search, spawnedBy, offset, limit }: ListFilter): Promise<SessionPage> {
    const rows = (await this.#rows(search)).filter((row) => {
      const named = [row['key'], row['label']].some((name) => text(name)?.includes(search ?? ''));
      return named && (spawnedBy === undefined || row['parentSessionKey'] === spawnedBy);
    });
    return { sessions: rows.slice(offset, offset + limit).map(sessionRow), hasMore: rows.length > offset + limit };
  }

  cancel(runId: string): Promise<void> {
    return cancelTask(this.#around, this.#caller(), runId);
  }

  async delete(session: string): Promise<void> {
    const row = (await this.#rows(session)).find((row) => row['key'] === session);
    if (!row) return;
    const expected = { sessionKey: session, expectedSessionId: row['sessionId'], deleteTranscript: true };
    const answer = await this.#use('sessions', { action: 'delete', ...expected });
    if (answer['deleted'] !== true)
      throw new Refused('in-doubt', text(answer['error']) ?? 'the host did not delete the session');
  }

  async find(session: string): Promise<Receipt> {
    const { active, recent } = await this.#use('subagents', { action: 'list', recentMinutes: RECENT_MINUTES });
    const row = [...list(active), ...list(recent)].map(fields).find((row) => row['sessionKey'] === session);
    const runId = text(row?.['runId']);
    if (!row || !runId) throw new Refused('not-found', `the host no longer knows the session ${session}`);
    return { sessionKey: session, runId, appliedModel: text(row['model']), toolFree: false };
  }

  #caller(): string {
    return this.#around.context.sessionKey ?? '';
  }

  /** OpenClaw searches in more than the contract says, so the caller still has to look at each row. */
  async #rows(search: string | undefined): Promise<Fields[]> {
    return rowsOf((await this.#use('sessions_list', { limit: MOST_ROWS, search }))['sessions'], 'sessions').map(fields);
  }

  async #use(name: string, parameters: object, signal?: AbortSignal, lean = false): Promise<Fields> {
    const tool = this.#toolSet(lean).find((tool) => tool.name === name);
    if (!tool) throw new Refused('unsupported', `this session has no tool ${name}`);
    const run = () => tool.execute(randomUUID(), parameters, signal);
    // Only spawning needs the turn's authority, for as long as the turn lasts.
    const inTurn = name === 'sessions_spawn' && !this.#around.turn.over;
    return fields(fields(await (inTurn ? run() : this.#outside(run)))['details']);
  }

  #outside<T>(work: () => Promise<T>): Promise<T> {
    return this.#around.outside(work);
  }

  /** The caller's tools; `lean` ones spawn sessions that have (almost) none. */
  #toolSet(lean: boolean): CoreTool[] {
    const { context, turn } = this.#around;
    const name = `${lean} ${turn.over}`;
    let tools = this.#tools.get(name);
    if (!tools) {
      const { agentId, sessionKey, sessionId, agentDir, workspaceDir, senderIsOwner, activeModel } = context;
      const runId = turn.over ? undefined : turn.runId;
      // Read by the host at every spawn: the tools that the session inherits. Empty means all.
      const inherited: string[] = [];
      const options = {
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
      };
      // The tools keep the authority of the surrounding in which they are made.
      tools = turn.over ? this.#around.outside(() => this.#createTools(options)) : this.#createTools(options);
      // Set afterwards, since the host writes its own restrictions into the list while it makes the tools.
      if (lean && tools.some((tool) => tool.name === HARMLESS_TOOL))
        inherited.splice(0, inherited.length, HARMLESS_TOOL);
      this.#tools.set(name, tools);
    }
    return tools;
  }
}
