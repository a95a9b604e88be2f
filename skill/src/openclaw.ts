/** The part of OpenClaw that this plugin uses. What comes back is `unknown` until somebody has looked at it. */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { fields } from './values.ts';

export interface PluginApi {
  pluginConfig?: Record<string, unknown>;
  /** The gateway's own, as it was when the plugin was loaded. */
  config?: unknown;
  logger: { warn(message: string): void };
  on(hook: 'before_tool_call', handler: (event: ToolCallEvent, context?: HookContext) => Promise<BeforeToolCall | void>): void;
  on(hook: 'gateway_start', handler: (event: { port?: number }) => void): void;
  /** Something that the gateway answers over HTTP. `gateway`: only to whom it would answer itself. */
  registerHttpRoute?(route: Route): void;
  registerService?(service: { id: string; start(): void; stop(): Promise<void> }): void;
  /** What the gateway does when its configuration changes at these places; `noop` is nothing. */
  registerReload?(registration: { noopPrefixes: string[] }): void;
  /** What a session's next turn is told beside its message, kept by OpenClaw until then. Only in a load that services are started in. */
  session?: {
    workflow?: { enqueueNextTurnInjection?(injection: object): Promise<unknown> };
    /** What the Control UI shows of this plugin. */
    controls?: { registerControlUiDescriptor?(descriptor: object): void };
  };
  runtime: Runtime;
}

/** Where all loads find the surroundings of the first one. */
export const FIRST = Symbol.for('parallel-agents.first');

/** A call of a tool that is about to be made. */
export interface ToolCallEvent {
  toolName?: string;
  params?: unknown;
  toolCallId?: string;
  /** None outside of an agent's turn. */
  runId?: string;
}

/** Where a call is made. */
export interface HookContext {
  agentId?: string;
  sessionKey?: string;
}

/** What is to happen before a call. */
export interface BeforeToolCall {
  requireApproval: {
    title: string;
    description: string;
    severity: 'warning';
    allowedDecisions: ('allow-once' | 'deny')[];
    timeoutMs: number;
    /** What the caller is told if nobody answers in time. */
    timeoutReason: string;
    onResolution(decision: string): void;
  };
}

export interface Route {
  path: string;
  auth: 'gateway' | 'plugin';
  match: 'exact' | 'prefix';
  gatewayRuntimeScopeSurface?: 'trusted-operator';
  handler(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

export interface Runtime {
  config?: { current?(): unknown };
  agent?: { resolveAgentWorkspaceDir?(config: unknown, agentId: string): string };
  state?: { resolveStateDir?(env: NodeJS.ProcessEnv): string };
  events?: { onAgentEvent?(listener: (event: unknown) => void): () => void };
  /** Asks for a turn of a session without a message of anybody's. */
  system?: { requestHeartbeat?(wake: object): void };
  llm?: { complete?(request: object): Promise<unknown> };
  subagent: {
    getSessionMessages(query: { sessionKey: string; limit: number }): Promise<unknown>;
    run?(request: object): Promise<unknown>;
    waitForRun?(query: { runId: string; timeoutMs: number }): Promise<unknown>;
    deleteSession?(query: { sessionKey: string; deleteTranscript: boolean }): Promise<unknown>;
  };
  tasks: {
    async: { runs: { bindSession(caller: { sessionKey: string }): { resolve(runId: string): Promise<unknown> } } };
    runs: {
      bindSession(caller: { sessionKey: string }): { cancel(task: { taskId: string; cfg: unknown }): Promise<unknown> };
    };
  };
}

/** Whose turn it is in which a tool is called. */
export interface ToolContext {
  sessionKey?: string;
  sessionId?: string;
  agentId?: string;
  agentDir?: string;
  workspaceDir?: string;
  senderIsOwner?: boolean;
  activeModel?: { provider?: string; modelId?: string };
  getRuntimeConfig?(): unknown;
}

/** The directory of an agent; undefined where nobody knows one. */
export function workspaceOf(
  { runtime }: Pick<PluginApi, 'runtime'>,
  config: unknown,
  { agentId, workspaceDir }: Pick<ToolContext, 'agentId' | 'workspaceDir'>,
): string | undefined {
  // Before a call only the agent is known, and the same place has to be found then.
  const resolve = runtime.agent?.resolveAgentWorkspaceDir;
  return resolve && agentId ? resolve(config, agentId) : workspaceDir;
}

export interface Tool {
  name: string;
  label: string;
  description: string;
  parameters: object;
  outputSchema: object;
  execute(
    id: string,
    parameters: unknown,
    signal?: AbortSignal,
    onUpdate?: (update: object) => void,
  ): Promise<ToolResult>;
}

export interface ToolResult {
  content: { type: 'text'; text: string }[];
  details: object;
}

/** One of OpenClaw's own tools. */
export interface CoreTool {
  name: string;
  execute(id: string, parameters: object, signal?: AbortSignal): Promise<unknown>;
}

export type CreateTools = (options: object) => CoreTool[];

/** A skill that a person can call, which is the one that agents read under its name. */
export interface SkillCommand {
  skillName: string;
  skillFile?: string;
}

/** What skills there are, as OpenClaw has sorted out those of one name. */
export interface SkillLists {
  listSkillCommandsForAgents(query: { cfg: unknown }): SkillCommand[];
  listSkillCommandsForWorkspace(query: { workspaceDir: string; agentId?: string; cfg: unknown }): SkillCommand[];
}

/** Variables, since the modules exist only inside a gateway. */
const HARNESS: string = 'openclaw/plugin-sdk/agent-harness';
const SKILLS: string = 'openclaw/plugin-sdk/skill-commands-runtime';

/** The factory of the tools that the calling session itself has. None where this OpenClaw gives plugins no such thing. */
export async function loadToolFactory(): Promise<CreateTools | undefined> {
  try {
    return ((await import(HARNESS)) as { createOpenClawCodingTools?: CreateTools }).createOpenClawCodingTools;
  } catch {
    return undefined;
  }
}

/** None where this OpenClaw tells plugins nothing of skills. */
export async function loadSkillLists(): Promise<SkillLists | undefined> {
  try {
    return (await import(SKILLS)) as SkillLists;
  } catch {
    return undefined;
  }
}

const ROUTES: string = 'openclaw/plugin-sdk/plugin-runtime';

/** Who is being answered over HTTP, as the gateway knows it. None where this OpenClaw gives plugins no such thing. */
export async function caller(): Promise<unknown> {
  try {
    const { getPluginRuntimeGatewayRequestScope: scope } = (await import(ROUTES)) as { getPluginRuntimeGatewayRequestScope?(): unknown };
    return fields(scope?.())['client'];
  } catch {
    return undefined;
  }
}
