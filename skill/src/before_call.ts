/** What happens before a call of one of the tools: OpenClaw asks somebody, if the call could take more than is allowed unasked. */

import { withAgentTypes } from './agent_types.ts';
import { type SpawningCall, approvals, approvalTimeoutMs, questionOf } from './approval.ts';
import { asked } from './asked.ts';
import { type Config, present, readConfig } from './config.ts';
import { asksGateway, documentOf, takes } from './function_call.ts';
import { type BeforeToolCall, type HookContext, type PluginApi, type ToolCallEvent, workspaceOf } from './openclaw.ts';
import { fill, savedOf } from './saved_tool.ts';
import type { Asked } from './slash.ts';
import { TOOLS } from './tool.ts';
import { callName } from './turns.ts';
import { type Fields, fields } from './values.ts';

/** What OpenClaw is to do before a call. Throws nothing that concerns other tools; where it throws, OpenClaw blocks the call. */
export async function beforeCall(api: PluginApi, event: ToolCallEvent, context: HookContext = {}): Promise<BeforeToolCall | undefined> {
  const { toolCallId: id, runId, params } = event;
  const tool = TOOLS.find(({ name }) => name === event.toolName);
  // The operator has said beforehand that nobody is asked about what comes through the door.
  if (!tool || !id || tool.behind.door) return undefined;
  // A model's calls are made in a turn, and the gateway alone gives out these names.
  const isLine = runId === undefined && id.startsWith('cmd_');
  const name = callName(context.sessionKey, id);
  if (isLine) approvals.line(name);
  const runtimeConfig = api.runtime.config?.current?.();
  const { config, problems } = readConfig(present({ getRuntimeConfig: () => runtimeConfig }, api.pluginConfig));
  // With these the tool itself refuses the call.
  if (problems.length > 0) return undefined;
  const { timeoutSeconds: _, max_chars: __, detail: ___, ...given } = fields(params);
  const wanted = asked(tool.behind, given);
  const call = await spawning(wanted, config, workspaceOf(api, runtimeConfig, context));
  const question = call && (await questionOf(call, config));
  if (!call || !question) {
    if (call) approvals.allow(name, call);
    return undefined;
  }
  // OpenClaw does not ask about a slash command, so the tool does.
  if (isLine) return undefined;
  const timeoutMs = approvalTimeoutMs(config);
  return {
    requireApproval: {
      title: question.title,
      description: question.text,
      severity: 'warning',
      allowedDecisions: ['allow-once', 'deny'],
      timeoutMs,
      timeoutReason: `E_APPROVAL_TIMEOUT: nobody agreed to this within ${timeoutMs / 1_000} s, so nothing was run. ${question.text}`,
      onResolution: (decision) => {
        if (decision === 'allow-once') approvals.allow(name, call, question.text);
      },
    },
  };
}

/** The call of the component that may spawn sessions; undefined if there is none. */
async function spawning(wanted: Asked, config: Config, workspace: string | undefined): Promise<SpawningCall | undefined> {
  if (wanted.kind === 'function') return callOf(wanted.name, wanted.given, config, workspace);
  if (wanted.kind !== 'saved' || wanted.given['action'] !== 'run') return undefined;
  const filled = await fill(wanted.given, savedOf(workspace), takes);
  return 'refusal' in filled ? undefined : callOf(filled.name, filled.given, config, workspace);
}

async function callOf(name: string, given: Fields, config: Config, workspace: string | undefined): Promise<SpawningCall | undefined> {
  if (!asksGateway(name, given)) return undefined;
  const made = await withAgentTypes(name, documentOf(name, given, config), config, workspace);
  // For a refusal the tool itself refuses the call.
  return 'refusal' in made ? undefined : { name, document: made.document };
}
