/** Agent types of the directories that the operator has configured. A component of its own reads the files. */

import { agentFiles } from './agent_directories.ts';
import { Broken, call } from './call.ts';
import type { Config } from './config.ts';
import type { Selection, Summary } from './contract.ts';
import { takes } from './function_call.ts';
import type { ToolResult } from './openclaw.ts';
import { nobody, problem, refused, result } from './replies.ts';
import { type Fields, fields, list, text } from './values.ts';

const WORKER = new URL('../dist/agent_worker.js', import.meta.url);

/** What a call is given, and what was not used of files; or why one that it needs cannot be used. */
type Made = { document: string; warnings: string[] } | { refusal: ToolResult };

/** A call's document with the definitions of those types that it names and that the directories have. */
export async function withAgentTypes(name: string, document: string, config: Config, workspace: string | undefined): Promise<Made> {
  if (!config.agentDirectories?.length || !takes(name).includes('agents')) return { document, warnings: [] };
  try {
    const made = await read<Selection>({ function: name, arguments: document }, config, workspace);
    const { request, warnings, problems } = made;
    if (problems.length === 0) return { document: request, warnings };
    return { refusal: refused(problems.map((one) => ({ ...one, retryable: false }))) };
  } catch (error) {
    return { refusal: refused([broken(error)]) };
  }
}

/** The reply of `list_agents` with the types of the directories, which count before built-in ones of the same name. */
export async function withListed(
  ask: (given: Fields) => Promise<ToolResult>,
  given: Fields,
  config: Config,
  workspace: string | undefined,
): Promise<ToolResult> {
  if (!config.agentDirectories?.length) return ask(given);
  let own: Summary[];
  try {
    own = await read<Summary[]>({ function: 'list_agents', arguments: '{}', lists: true }, config, workspace);
  } catch (error) {
    return refused([broken(error)]);
  }
  const { category, ...rest } = given;
  const { details } = await ask(rest);
  const { result: reply, ok } = fields(details);
  const names = new Set(own.map(({ name }) => name));
  const builtIn = list(fields(reply)['agents']).map(fields).filter((agent) => !names.has(text(agent['name']) ?? ''));
  const agents = [...builtIn, ...own].filter((agent) => category === undefined || agent.category === category);
  // The component says what is wrong, and which categories there are.
  if (ok !== true || agents.length === 0) return ask(given);
  return result({ ...details, result: { ...fields(reply), agents } });
}

function read<T>(given: { function: string; arguments: string; lists?: boolean }, config: Config, workspace: string | undefined): Promise<T> {
  const files = agentFiles(config.agentDirectories ?? [], workspace);
  return call(WORKER, { ...given, files }, nobody, () => {}).then(({ val }) => JSON.parse(val) as T);
}

function broken(error: unknown) {
  const message = error instanceof Broken ? error.message : String(error);
  return problem('E_AGENT_FILES', `agent files could not be read: ${message}`, '', 'the operator looks at agentDirectories');
}
