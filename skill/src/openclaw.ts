/** The part of OpenClaw that this plugin uses. What comes back is `unknown` until somebody has looked at it. */

export interface PluginApi {
  pluginConfig?: Record<string, unknown>;
  logger: { warn(message: string): void };
  on(
    hook: 'before_tool_call',
    handler: (event: { toolName?: string; toolCallId?: string; runId?: string }) => void,
  ): void;
  registerTool(factory: (context: ToolContext) => Tool | null, options: { name: string }): void;
  runtime: Runtime;
}

export interface Runtime {
  events?: { onAgentEvent?(listener: (event: unknown) => void): () => void };
  subagent: { getSessionMessages(query: { sessionKey: string; limit: number }): Promise<unknown> };
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

export interface Tool {
  name: string;
  label: string;
  description: string;
  parameters: object;
  catalogMode: 'direct-only';
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

/** A variable, since the module exists only inside a gateway. */
const HARNESS: string = 'openclaw/plugin-sdk/agent-harness';

/** The factory of the tools that the calling session itself has. Throws where this OpenClaw has none. */
export async function loadToolFactory(): Promise<CreateTools> {
  const harness = (await import(HARNESS)) as { createOpenClawCodingTools?: CreateTools };
  if (!harness.createOpenClawCodingTools) throw new Error('this OpenClaw gives plugins no session tools');
  return harness.createOpenClawCodingTools;
}
