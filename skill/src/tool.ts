/** The tools: parameters become a call of the component, and what is known when the time is up becomes the reply. */

import { withAgentTypes, withListed } from './agent_types.ts';
import { approvals, consentTo } from './approval.ts';
import { type Behind, asked } from './asked.ts';
import { present, readConfig } from './config.ts';
import { doorTool } from './door_tool.ts';
import { asksGateway, documentOf, made, takes } from './function_call.ts';
import { type Environment, type Invocation, startRun } from './invocation.ts';
import { markdown } from './markdown.ts';
import { type Tool, type ToolResult, workspaceOf } from './openclaw.ts';
import { MAX_CHARS, hinted, problem, refused, warned } from './replies.ts';
import { storeOf } from './retention.ts';
import { choose } from './routes.ts';
import { runsTool } from './runs_tool.ts';
import { fill, savedOf, savedTool } from './saved_tool.ts';
import { type Asked, help } from './slash.ts';
import { callName } from './turns.ts';
import { type Fields, errorText, fields } from './values.ts';

/** A tool as the build writes it down. */
interface Described {
  name: string;
  label: string;
  description: string;
  parameters: object;
  outputSchema: object;
  behind: Behind;
}

/** What the id of a call begins with that comes through OpenClaw's `tool_call`. Ids of models may have a colon too. */
const THROUGH = 'tool_search_code:';

/** The function that lists the catalogue. */
const LIST = 'list_agents';

/** All tools, as OpenClaw is told of them. */
export const TOOLS = made<Described[]>('tools.json');

export function createTool({ behind, ...shown }: Described, environment: Environment): Tool {
  return {
    ...shown,
    execute: async (id, parameters, signal, onUpdate) => {
      const callId = callName(environment.context.sessionKey, id);
      const turn = environment.runOf(callId);
      const { config, problems } = readConfig(present(environment.context, environment.api.pluginConfig));
      if (problems.length > 0) return refused(problems);
      if (behind.door) return doorTool(fields(parameters), shown.parameters, { ...environment, config, turn, signal });
      const { timeoutSeconds, max_chars, detail, ...given } = fields(parameters);
      const timeoutMs = number(timeoutSeconds, config.timeoutSeconds) * 1_000;
      const maxChars = number(max_chars, MAX_CHARS);
      try {
        const store = storeOf(environment.api, config);
        const notify = environment.notices() && environment.context.sessionKey ? config.notify : 'off';
        const shape = { maxChars, detail: detail === true, isForPeople: false, notify } as const;
        const invocation = { ...environment, ...shape, config, store, callId, turn, signal, onUpdate, timeoutMs };
        return once(id, await dispatch(asked(behind, given), invocation));
      } catch (error) {
        return refused([problem('E_HOST', `the plugin could not do that: ${errorText(error)}`)]);
      }
    },
  };
}

/** OpenClaw's `tool_call` shows a model both the text and the details, so there the text does not repeat them. */
function once(id: string, reply: ToolResult): ToolResult {
  return id.startsWith(THROUGH) ? { ...reply, content: [{ type: 'text', text: 'See details.' }] } : reply;
}

async function dispatch(wanted: Asked, invocation: Invocation): Promise<ToolResult> {
  const reply = await carryOut(wanted, { ...invocation, isForPeople: wanted.isLine === true });
  if (!wanted.isLine || wanted.kind === 'help') return reply;
  return { ...reply, content: [{ type: 'text', text: markdown(fields(reply.details)) }] };
}

async function carryOut(wanted: Asked, invocation: Invocation): Promise<ToolResult> {
  switch (wanted.kind) {
    case 'function':
      return perform(wanted.name, wanted.given, invocation);
    case 'catalogue':
      return catalogue(wanted.name, wanted.given, invocation);
    case 'runs':
      return runsTool(wanted.given, invocation);
    case 'saved':
      return saved(wanted.given, invocation);
    case 'yes':
      return agreed(wanted.code, invocation);
    case 'wrong':
      return refused([wanted.problem]);
    case 'help':
      return { content: [{ type: 'text', text: help() }], details: { ok: true, state: 'done', run_id: null } };
  }
}

/** The first thing that is called, so here an agent hears that it has read another skill than this plugin's. */
async function catalogue(name: string, given: Fields, invocation: Invocation): Promise<ToolResult> {
  const ask = (given: Fields) => perform(name, given, invocation);
  const reply = await (name === LIST ? withListed(ask, given, invocation.config, workspace(invocation)) : ask(given));
  const shadow = await invocation.shadow?.();
  return shadow === undefined ? reply : hinted(reply, shadow);
}

function workspace({ api, context }: Invocation): string | undefined {
  return workspaceOf(api, context.getRuntimeConfig?.(), context);
}

async function saved(given: Fields, invocation: Invocation): Promise<ToolResult> {
  const requests = savedOf(workspace(invocation));
  if (given['action'] !== 'run') return savedTool(given, requests, invocation.maxChars);
  const filled = await fill(given, requests, takes);
  return 'refusal' in filled ? filled.refusal : perform(filled.name, filled.given, invocation);
}

/** Calls a function of the component. */
async function perform(name: string, given: Fields, invocation: Invocation): Promise<ToolResult> {
  if ('run_id' in given && takes(name).includes('report')) return runsTool({ ...given, action: name }, invocation);
  const { config, callId, context } = invocation;
  const route = await choose(invocation);
  const asks = asksGateway(name, given);
  if (asks && 'problem' in route) return refused([route.problem]);
  const made = await withAgentTypes(name, documentOf(name, given, config), config, workspace(invocation));
  if ('refusal' in made) return made.refusal;
  const { document, warnings } = made;
  const consent = asks ? await consentTo({ name, document }, callId, context.sessionKey ?? '', config) : {};
  if ('refusal' in consent) return consent.refusal;
  return warned(await startRun(name, document, route, invocation, consent), warnings);
}

/** Makes the call that a person agreed to with a second line of the slash command. */
async function agreed(code: string, invocation: Invocation): Promise<ToolResult> {
  const { callId, context } = invocation;
  const call = approvals.isLine(callId) ? approvals.agree(code, context.sessionKey ?? '') : undefined;
  if (!call) {
    const hint = 'the person who sent the command agrees, in the same chat and within ten minutes; send the command again';
    return refused([problem('E_APPROVAL_UNKNOWN', 'no question waits for this code', '/command', hint)]);
  }
  const route = await choose(invocation);
  if (route.problem) return refused([route.problem]);
  return startRun(call.name, call.document, route, invocation, call);
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
