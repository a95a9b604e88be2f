/** The tools: parameters become a call of the component, and what is known when the time is up becomes the reply. */

import { readFileSync } from 'node:fs';

import { type Calling, type Environment, begin } from './calling.ts';
import { asForecast, present, readConfig, withModels } from './config.ts';
import { look } from './look.ts';
import type { Tool, ToolResult } from './openclaw.ts';
import { MAX_CHARS, problem, refused } from './replies.ts';
import { storeOf } from './retention.ts';
import { choose } from './routes.ts';
import { read } from './slash.ts';
import { type Fields, fields, own, text, words } from './words.ts';

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
      const { timeoutSeconds, max_chars, ...given } = fields(parameters);
      const patience = number(timeoutSeconds, config.timeoutSeconds) * 1_000;
      const most = number(max_chars, MAX_CHARS);
      try {
        const store = storeOf(environment.api, config);
        const calling = { ...environment, config, store, turn, signal, onUpdate, patience, most };
        return once(id, await dispatch(behind, given, calling));
      } catch (error) {
        return refused([problem('E_HOST', `the plugin could not do that: ${words(error)}`)]);
      }
    },
  };
}

/** OpenClaw's `tool_call` shows a model both the text and the details, so there the text does not repeat them. */
function once(id: string, reply: ToolResult): ToolResult {
  return id.includes(':') ? { ...reply, content: [{ type: 'text', text: 'See details.' }] } : reply;
}

function dispatch(behind: Described['behind'], given: Fields, calling: Calling): Promise<ToolResult> {
  if (behind.function) return perform(behind.function, given, calling);
  if (behind.teams) {
    const { team, ...rest } = given;
    const name = own(behind.teams, team);
    if (name !== undefined) return perform(name, { run: true, ...rest }, calling);
    const names = Object.keys(behind.teams).join(', ');
    const message = `team: got ${JSON.stringify(team)?.slice(0, 66) ?? 'none'}; there are ${names}`;
    return Promise.resolve(refused([problem('E_TEAM', message, '/team', 'name one of them')]));
  }
  if (behind.catalogue) {
    const [all = '', one = ''] = behind.catalogue;
    return perform('agent_type' in given ? one : all, given, calling);
  }
  if (!behind.call) return look(given, calling);
  if (text(given['command']) === undefined)
    return perform(text(given['function']) ?? '', fields(given['arguments'] ?? {}), calling);
  const line = read(text(given['command']) ?? '');
  if (line.kind === 'runs') return look(line.parameters, calling);
  if (line.kind === 'wrong') return Promise.resolve(refused([problem('E_COMMAND', line.message, '/command', line.hint)]));
  return perform(line.name, line.arguments, calling);
}

/** Whether a call asks something of the gateway; where it cannot, that is said before anything is done. */
function asks(name: string, takes: string[], given: Fields): boolean {
  // These two arguments are those of functions that spawn, or read what others spawned.
  if (name === 'forecast_run' || !['max_concurrent', 'wait_seconds'].some((one) => takes.includes(one))) return false;
  // Without this one, such a function only returns a request.
  return !takes.includes('run') || given['run'] === true;
}

/** Calls a function of the component. */
async function perform(name: string, given: Fields, calling: Calling): Promise<ToolResult> {
  const takes = TAKES.get(name) ?? [];
  if ('run_id' in given && takes.includes('report')) return look({ ...given, action: name }, calling);
  const route = await choose(calling);
  if (asks(name, takes, given) && 'problem' in route) return refused([route.problem]);
  const request = withModels(given, calling.config, takes);
  const document = JSON.stringify(name === 'forecast_run' ? asForecast(request, calling.config) : request);
  return begin(name, document, route, calling);
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
