/** A gateway for tests: the shapes of OpenClaw's answers, and a way to spoil any of them. */

import { Gateway } from '../src/gateway.ts';
import { type Options, Host } from '../src/host.ts';
import type { CoreTool, PluginApi, Runtime, ToolContext } from '../src/openclaw.ts';
import { type Sessions, type Surroundings, facts } from '../src/sessions.ts';
import { settled } from './commands.ts';

interface Session {
  runId: string;
  key: string;
  prompt: string;
  label?: string;
  group?: string;
  status: 'running' | 'done' | 'killed' | 'failed';
}

export class FakeOpenClaw {
  readonly sessions: Session[] = [];
  /** Looked at by every call; what it returns replaces the answer, and it may throw. */
  spoil: (call: string) => unknown = () => undefined;
  /** What a session answers. None: it never ends by itself. */
  answer: string | undefined = 'an answer';
  /** What one session answers that others do not. */
  answerOf: (session: { prompt: string; key: string }) => string | undefined = () => this.answer;
  /** More of the last message of a transcript. */
  ending: object = { stopReason: 'stop' };
  /** What a session had said that was stopped. */
  partial: string | undefined;
  /** The start of a session is told before its receipt. */
  hasty = false;
  /** The session that the others belong to. */
  owner = 'agent:main:main';
  /** Nobody is told that a session has ended. */
  silent = false;
  #listeners = new Set<(event: unknown) => void>();
  readonly #waiting = new Set<() => void>();

  readonly context = {
    sessionKey: 'agent:main:main',
    agentId: 'main',
    getRuntimeConfig: () => ({ tools: { swarm: { maxConcurrent: 4 } } }),
  } as ToolContext;

  readonly runtime: Runtime = {
    events: { onAgentEvent: (listener) => (this.#listeners.add(listener), () => this.#listeners.delete(listener)) },
    subagent: {
      getSessionMessages: async ({ sessionKey }) => this.spoil('messages') ?? this.#messages(sessionKey),
    },
    tasks: {
      async: {
        runs: {
          bindSession: () => ({
            resolve: async (runId) => this.spoil('resolve') ?? { id: runId, status: this.#run(runId)?.status },
          }),
        },
      },
      runs: { bindSession: () => ({ cancel: async ({ taskId }) => this.spoil('cancel') ?? this.#cancel(taskId) }) },
    },
  };

  around(): Surroundings {
    const turn = { runId: 'turn', over: false };
    return { runtime: this.runtime, context: this.context, turn, outside: (work) => work() };
  }

  /** The same with what the other two routes need: sub-agents for plugins, and the completion call. */
  generous(): Surroundings {
    const around = this.around();
    this.runtime.llm = { complete: async () => this.spoil('complete') ?? this.#complete() };
    Object.assign(this.runtime.subagent, {
      run: async ({ message }: { message: string }) => this.spoil('run') ?? this.#launch(message),
      waitForRun: async ({ runId }: { runId: string }) => this.spoil('wait') ?? this.#endOf(runId),
      deleteSession: async () => this.spoil('deleteSession') ?? {},
    });
    return around;
  }

  host(sessions: Sessions = new Gateway(this.around(), () => this.tools()), options: Options = {}): Host {
    return new Host(sessions, facts(this.around(), { seed: 7n, maxConcurrent: 50, keepsJournal: false }), options);
  }

  api(pluginConfig: Record<string, unknown> = {}): PluginApi {
    return { pluginConfig, logger: { warn: () => {} }, on: () => {}, runtime: this.runtime };
  }

  /** Tells the plugin of something that happened. */
  tell(event: object): void {
    this.#listeners.forEach((listener) => listener(event));
  }

  /** The sessions that run. */
  live(): string[] {
    return this.sessions.filter(({ status }) => status === 'running').map(({ key }) => key);
  }

  /** Ends a session with its answer. */
  end(session: Session, status: 'done' | 'killed' = 'done'): void {
    session.status = status;
    this.#waiting.forEach((look) => look());
    this.#waiting.clear();
    const { key: sessionKey, runId } = session;
    if (!this.silent) this.tell({ stream: 'lifecycle', data: { phase: 'end' }, sessionKey, runId });
  }

  tools(): CoreTool[] {
    const tool = (name: string, work: (parameters: any, signal?: AbortSignal) => unknown): CoreTool => ({
      name,
      execute: async (_id, parameters, signal) => {
        const spoilt = this.spoil(name);
        return spoilt === undefined ? { details: await work(parameters, signal) } : spoilt;
      },
    });
    return [
      tool('get_goal', () => ({})),
      tool('sessions_spawn', ({ task, label, groupId }) => this.#spawn(task, label, groupId)),
      tool('agents_wait', ({ ids, timeoutSeconds }, signal) => this.#wait(ids, timeoutSeconds, signal)),
      tool('sessions_list', () => ({
        sessions: this.sessions.map(({ key, label, status }) => ({
          key,
          label,
          status,
          sessionId: `id of ${key}`,
          parentSessionKey: this.owner,
        })),
      })),
      tool('subagents', () => ({
        active: this.sessions.map(({ key, runId }) => ({ sessionKey: key, runId, model: 'sim/standard' })),
      })),
      tool('sessions', ({ sessionKey, expectedSessionId }) => ({
        deleted: expectedSessionId === `id of ${sessionKey}`,
      })),
    ];
  }

  async #spawn(prompt: string, label?: string, group?: string): Promise<object> {
    const number = this.sessions.length;
    const session: Session = {
      runId: `run-${number}`,
      key: `agent:main:subagent:${number}`,
      prompt,
      label,
      group,
      status: 'running',
    };
    this.sessions.push(session);
    const start = () =>
      this.tell({ stream: 'lifecycle', data: { phase: 'start' }, sessionKey: session.key });
    if (this.hasty) {
      start();
      if (this.answer !== undefined) this.end(session);
      await settled();
    } else {
      const ends = this.answer !== undefined;
      // After the receipt, each as an event of its own.
      setImmediate(() => {
        start();
        if (ends) setImmediate(() => session.status === 'running' && this.end(session));
      });
    }
    return { status: 'accepted', childSessionKey: session.key, runId: session.runId, resolvedModel: 'sim/standard' };
  }

  async #launch(prompt: string): Promise<object> {
    const { childSessionKey, runId } = (await this.#spawn(prompt)) as { childSessionKey: string; runId: string };
    return { runId, sessionKey: childSessionKey, runtime: { provider: 'sim', model: 'standard' } };
  }

  async #endOf(runId: string): Promise<object> {
    while (this.#run(runId)?.status === 'running') await new Promise<void>((resolve) => this.#waiting.add(resolve));
    if (this.#run(runId)?.status === 'killed') return { status: 'error', stopReason: 'aborted' };
    return { status: 'ok', terminalReply: { text: this.answer } };
  }

  #complete(): Promise<object> | object {
    const never = new Promise<never>(() => {});
    return this.answer === undefined ? never : { text: this.answer, provider: 'sim', model: 'standard' };
  }

  async #wait(ids: string[], timeoutSeconds: number, signal?: AbortSignal): Promise<object> {
    for (;;) {
      if (signal?.aborted) throw new Error('agents_wait aborted.');
      const completed = ids.map((id) => this.#run(id)).filter((run) => run !== undefined && run.status !== 'running');
      if (completed.length > 0)
        return {
          completed: completed.map((run) => ({
            runId: run?.runId,
            status: run?.status,
            result: `${(run && this.answerOf(run))?.slice(0, 4)}…`,
          })),
        };
      // Nobody here waits for a second.
      if (timeoutSeconds <= 1) return { completed: [], pending: ids };
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal?.addEventListener('abort', () => resolve());
      });
    }
  }

  #messages(key: string): object {
    const session = this.sessions.find((session) => session.key === key);
    const user = { role: 'user', content: session?.prompt };
    const done = session?.status === 'done';
    const said = done ? this.answerOf(session) : this.partial;
    const assistant = {
      role: 'assistant',
      content: [{ type: 'text', text: said }],
      provider: 'sim',
      model: 'standard',
      usage: { input: 10, output: 2 },
      ...(done ? this.ending : { stopReason: 'aborted' }),
    };
    const isThere = done || (session?.status !== 'running' && said !== undefined);
    return { messages: isThere ? [user, assistant] : [user] };
  }

  #cancel(runId: string): object {
    const run = this.#run(runId);
    const cancelled = run?.status === 'running';
    if (run && cancelled) this.end(run, 'killed');
    return { found: run !== undefined, cancelled };
  }

  #run(runId: string): Session | undefined {
    return this.sessions.find((session) => session.runId === runId);
  }
}
