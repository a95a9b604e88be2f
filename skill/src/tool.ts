/** The tools: parameters become a call of the component, and what is known when the time is up becomes the reply. */

import { readFileSync } from 'node:fs';

import { asForecast, present, readConfig, withModels } from './config.ts';
import { type Environment, type Invocation, startRun } from './invocation.ts';
import { markdown } from './markdown.ts';
import type { Tool, ToolResult } from './openclaw.ts';
import { MAX_CHARS, hinted, problem, refused } from './replies.ts';
import { storeOf } from './retention.ts';
import { choose } from './routes.ts';
import { runsTool } from './runs_tool.ts';
import { help, read } from './slash.ts';
import { type Fields, errorText, fields, own, text } from './values.ts';

/** A tool as the build writes it down. */
export interface Described {
  name: string;
  label: string;
  description: string;
  parameters: object;
  outputSchema: object;
  behind: { function?: string; teams?: Record<string, string>; catalogue?: string[]; call?: boolean };
}

const made = <T>(file: string) => JSON.parse(readFileSync(new URL(`../dist/${file}`, import.meta.url), 'utf8')) as T;

/** All tools, as OpenClaw is told of them. */
export const TOOLS = made<Described[]>('tools.json');

/** The names of the arguments that each function takes. */
const TAKES = new Map(
  made<{ name: string; parameters: string }[]>('functions.json').map(({ name, parameters }) => [
    name,
    Object.keys(fields(JSON.parse(parameters)['properties'])),
  ]),
);

export function createTool({ behind, ...shown }: Described, environment: Environment): Tool {
  return {
    ...shown,
    execute: async (id, parameters, signal, onUpdate) => {
      const turn = environment.runOf(id);
      const { config, problems } = readConfig(present(environment.context, environment.api.pluginConfig));
      if (problems.length > 0) return refused(problems);
      const { timeoutSeconds, max_chars, detail, ...given } = fields(parameters);
      const timeoutMs = number(timeoutSeconds, config.timeoutSeconds) * 1_000;
      const maxChars = number(max_chars, MAX_CHARS);
      try {
        const store = storeOf(environment.api, config);
        const notify = environment.notices() && environment.context.sessionKey ? config.notify : 'off';
        const shape = { maxChars, detail: detail === true, isForPeople: false, notify } as const;
        const invocation = { ...environment, ...shape, config, store, turn, signal, onUpdate, timeoutMs };
        return once(id, await dispatch(behind, given, invocation));
      } catch (error) {
        return refused([problem('E_HOST', `the plugin could not do that: ${errorText(error)}`)]);
      }
    },
  };
}

/** OpenClaw's `tool_call` shows a model both the text and the details, so there the text does not repeat them. */
function once(id: string, reply: ToolResult): ToolResult {
  return id.includes(':') ? { ...reply, content: [{ type: 'text', text: 'See details.' }] } : reply;
}

function dispatch(behind: Described['behind'], given: Fields, invocation: Invocation): Promise<ToolResult> {
  if (behind.function) return perform(behind.function, given, invocation);
  if (behind.teams) {
    const { team, ...rest } = given;
    const name = own(behind.teams, team);
    if (name !== undefined) return perform(name, { run: true, ...rest }, invocation);
    const names = Object.keys(behind.teams).join(', ');
    const message = `team: got ${JSON.stringify(team)?.slice(0, 66) ?? 'none'}; there are ${names}`;
    return Promise.resolve(refused([problem('E_TEAM', message, '/team', 'name one of them')]));
  }
  if (behind.catalogue) {
    return catalogue(behind.catalogue, given, invocation);
  }
  if (!behind.call) return runsTool(given, invocation);
  if (text(given['command']) === undefined)
    return perform(text(given['function']) ?? '', fields(given['arguments'] ?? {}), invocation);
  return command(text(given['command']) ?? '', { ...invocation, isForPeople: true });
}

/** The first thing that is called, so here an agent hears that it has read another skill than this plugin's. */
async function catalogue([all = '', one = '']: string[], given: Fields, invocation: Invocation): Promise<ToolResult> {
  const reply = await perform('agent_type' in given ? one : all, given, invocation);
  const shadow = await invocation.shadow?.();
  return shadow === undefined ? reply : hinted(reply, shadow);
}

/** A line of the slash command, answered for people. */
async function command(line: string, invocation: Invocation): Promise<ToolResult> {
  const asked = read(line);
  if (asked.kind === 'help') return { content: [{ type: 'text', text: help() }], details: { ok: true, state: 'done', run_id: null } };
  const reply =
    asked.kind === 'runs'
      ? await runsTool(asked.parameters, invocation)
      : asked.kind === 'wrong'
        ? refused([problem('E_COMMAND', asked.message, '/command', asked.hint)])
        : await perform(asked.name, asked.arguments, invocation);
  return { ...reply, content: [{ type: 'text', text: markdown(fields(reply.details)) }] };
}

/** Whether a call asks something of the gateway; where it cannot, that is said before anything is done. */
function asks(name: string, takes: string[], given: Fields): boolean {
  // These two arguments are those of functions that spawn, or read what others spawned.
  if (name === 'forecast_run' || !['max_concurrent', 'wait_seconds'].some((one) => takes.includes(one))) return false;
  // Without this one, such a function only returns a request.
  return !takes.includes('run') || given['run'] === true;
}

/** Calls a function of the component. */
async function perform(name: string, given: Fields, invocation: Invocation): Promise<ToolResult> {
  const takes = TAKES.get(name) ?? [];
  if ('run_id' in given && takes.includes('report')) return runsTool({ ...given, action: name }, invocation);
  const route = await choose(invocation);
  if (asks(name, takes, given) && 'problem' in route) return refused([route.problem]);
  const request = withModels(given, invocation.config, takes);
  const document = JSON.stringify(name === 'forecast_run' ? asForecast(request, invocation.config) : request);
  return startRun(name, document, route, invocation);
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
