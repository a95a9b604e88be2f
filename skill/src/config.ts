/** The operator's configuration: checked against the manifest's own schema, and what of it limits runs. */

import { readFileSync } from 'node:fs';

import type { HostFacts } from './contract.ts';
import type { ToolContext } from './openclaw.ts';
import { type Fields, fields, list, own, text } from './values.ts';

export interface Problem {
  code: string;
  path: string;
  message: string;
  retryable: false;
  hint?: string;
}

/** How a session hears of the end of a run that no call waits for: not, in its next turn, or in a turn of its own. */
export type Notify = 'off' | 'next_turn' | 'wake';

export interface Config {
  models?: Record<string, string>;
  allowedModels?: string[];
  allowedAgents?: string[];
  /** Absolute, or relative to the agent's workspace. */
  agentDirectories?: string[];
  maxConcurrent: number;
  maxTasks: number;
  budget?: Record<string, number>;
  prices?: Record<string, unknown>;
  approval?: { above_micro_usd?: number; above_sessions?: number; always?: boolean; seconds?: number };
  timeoutSeconds: number;
  retentionDays: number;
  completionsForToolFree: boolean;
  notify: Notify;
  progressCard: boolean;
  door?: DoorConfig;
  cluster?: ClusterConfig;
  seed?: number;
}

/** What programs outside of the gateway may do with its sessions. */
interface DoorConfig {
  /** The session to which all of them belong, and the only one that is answered. */
  session: string;
  allowedModels?: string[];
  allowedAgents?: string[];
  maxLive?: number;
  /** The operator's word that nobody is to be asked about what comes through the door. */
  withoutApproval?: boolean;
}

/** Who carries out runs that are too large for this gateway. */
export interface ClusterConfig {
  /** The ingress of its Restate server. */
  url: string;
  /** Requests with more tasks are handed over; `maxTasks` where it is not named. */
  aboveTasks?: number;
  maxTasks?: number;
  /** The environment variable with the token of a proxy before Restate, which itself asks for none. */
  tokenEnv?: string;
}

/** Beside dist/ in the package, beside src/ in the sources. */
export const MANIFEST = JSON.parse(readFileSync(new URL('../openclaw.plugin.json', import.meta.url), 'utf8')) as {
  id: string;
  name: string;
  description: string;
  configSchema: Fields;
  /** The build adds it. */
  version?: string;
};

/** Characters of a wrong value that a message shows. */
const MAX_SHOWN = 66;

/** A session of an agent that is no conversation of its own: not its main one, no sub-agent, none of the scheduler. */
const DOOR_SESSION = /^agent:[a-z0-9][a-z0-9_-]*:(?!main$|subagent|cron)[a-z0-9][a-z0-9_-]*$/;

/** Where it stands in the gateway's configuration. */
export const WHERE = `plugins.entries.${MANIFEST.id}.config`;

/** What the operator has written down, as it is now; `loaded` is what the gateway gave the plugin when it loaded it. */
export function present(context: ToolContext, loaded: unknown): unknown {
  const plugins = fields(fields(context.getRuntimeConfig?.())['plugins']);
  const entry = fields(plugins['entries'])[MANIFEST.id];
  return entry === undefined ? loaded : fields(entry)['config'];
}

/** The configuration with its defaults, or everything that is wrong with it. */
export function readConfig(given: unknown): { config: Config; problems: Problem[] } {
  const wrong = faults(MANIFEST.configSchema, given ?? {}, '');
  const problems = (wrong.length > 0 ? wrong : contradictions(fields(given))).map(({ path, message }) => ({
    code: 'E_CONFIG',
    path,
    message: `${WHERE}${path.replaceAll('/', '.')}: ${message}`,
    retryable: false as const,
    hint: 'this is for the operator to put right, in the configuration of the gateway',
  }));
  const defaults = Object.entries(fields(MANIFEST.configSchema['properties'])).map(([name, schema]) => [
    name,
    fields(schema)['default'],
  ]);
  return { config: { ...Object.fromEntries(defaults), ...fields(given) } as Config, problems };
}

interface Fault {
  path: string;
  message: string;
}

/** What the schema alone cannot tell. */
function contradictions(config: Fields): Fault[] {
  const { door, cluster } = config;
  const [doors, clusters] = [door === undefined ? [] : atDoor(config, fields(door)), cluster === undefined ? [] : ofCluster(config, fields(cluster))];
  return [...withoutPrices(config), ...doors, ...clusters];
}

function withoutPrices({ budget, approval, prices }: Fields): Fault[] {
  // Prices of a request would let it spend what it likes.
  if (Object.keys(fields(prices)).length > 0) return [];
  const amounts = [
    { path: '/budget/micro_usd', amount: fields(budget)['micro_usd'] },
    { path: '/approval/above_micro_usd', amount: fields(approval)['above_micro_usd'] },
  ];
  const needs = 'without prices, need prices of every model that may run, or of * for all';
  return amounts.flatMap(({ path, amount }) => (amount === undefined ? [] : [{ path, message: `got ${shown(amount)} ${needs}` }]));
}

function atDoor({ approval, retentionDays }: Fields, { session, withoutApproval }: Fields): Fault[] {
  const wrong: Fault[] = [];
  const got = (path: string, value: unknown, need: string) => wrong.push({ path, message: `got ${shown(value)}, need ${need}` });
  if (!DOOR_SESSION.test(String(session)))
    got('/door/session', session, 'agent:AGENT:NAME in lower-case letters, digits, _ and -, whose NAME is not main, subagent or cron');
  if (retentionDays === 0) got('/door', 'retentionDays 0', 'at least 1 day, for which the keys of sessions are kept');
  if (Object.keys(fields(approval)).length > 0 && withoutApproval !== true)
    got('/door/withoutApproval', withoutApproval, 'true where approval is set: nobody is asked about what comes through the door');
  return wrong;
}

function ofCluster({ maxTasks, retentionDays }: Fields, { url, aboveTasks, tokenEnv }: Fields): Fault[] {
  const wrong: Fault[] = [];
  const got = (path: string, value: unknown, need: string) => wrong.push({ path, message: `got ${shown(value)}, need ${need}` });
  const parsed = URL.parse(String(url));
  const isPlain = parsed && !parsed.username && !parsed.password && !parsed.search && !parsed.hash;
  if (!isPlain || !['http:', 'https:'].includes(parsed.protocol)) got('/cluster/url', url, 'an address such as http://10.0.0.1:8080');
  const most = Number(maxTasks ?? fields(fields(MANIFEST.configSchema['properties'])['maxTasks'])['default']);
  if (Number(aboveTasks) > most) got('/cluster/aboveTasks', aboveTasks, `at most maxTasks, ${most}: more tasks never run here`);
  if (retentionDays === 0) got('/cluster', 'retentionDays 0', 'at least 1 day, for which the names of runs in the cluster are kept');
  if (tokenEnv !== undefined && !process.env[String(tokenEnv)]) got('/cluster/tokenEnv', tokenEnv, 'the name of a variable in the environment of the gateway');
  return wrong;
}

/** A value as a message shows it; one that is not there is nothing. */
function shown(value: unknown): string {
  const written = JSON.stringify(value) ?? 'nothing';
  return written.length > MAX_SHOWN ? `${written.slice(0, MAX_SHOWN)}…` : written;
}

/** What does not fit the schema: field, value, and what is allowed. Knows the words that the manifest and the door use. */
export function faults(schema: Fields, value: unknown, path: string): Fault[] {
  const wrong = (need: string) => [{ path, message: `got ${shown(value)}, need ${need}` }];
  switch (schema['type']) {
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong('true or false');
    case 'integer': {
      const [least, most] = [Number(schema['minimum'] ?? 0), Number(schema['maximum'] ?? Number.MAX_SAFE_INTEGER)];
      const fits = Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
      return fits ? [] : wrong(`a whole number from ${least} to ${most}`);
    }
    case 'string': {
      const allowed = list(schema['enum']);
      if (allowed.length > 0) return allowed.includes(value) ? [] : wrong(`one of ${allowed.join(', ')}`);
      const [least, most] = [Number(schema['minLength']), Number(schema['maxLength'])];
      const fits = typeof value === 'string' && value.length >= least && value.length <= most;
      return fits ? [] : wrong(`a text of ${least} to ${most} characters`);
    }
    case 'array': {
      const most = Number(schema['maxItems']);
      if (!Array.isArray(value) || value.length > most) return wrong(`a list of at most ${most}`);
      return value.flatMap((item, index) => faults(fields(schema['items']), item, `${path}/${index}`));
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object');
  const [known, others] = [fields(schema['properties']), schema['additionalProperties']];
  const missing = list(schema['required']).map(String).filter((name) => !Object.hasOwn(value, name));
  const lacking = missing.flatMap((name) => faults(fields(known[name]), undefined, `${path}/${name}`));
  const inside = Object.entries(value).flatMap(([name, item]) => {
    const place = `${path}/${name}`;
    const one = own(known, name) ?? (others === false ? undefined : others);
    if (one !== undefined) return faults(fields(one), item, place);
    return [{ path: place, message: `got ${shown(item)}, but no such field is known; there are ${Object.keys(known).join(', ')}` }];
  });
  return [...lacking, ...inside];
}

/**
 * What the operator allows one run at the most. It is no part of the request, where something could stand in its way: the
 * component is told it as a fact of its host, and holds every run to it, also one that goes on after a restart.
 */
export function limitsOf({ budget = {}, prices = {}, maxTasks }: Config): HostFacts['limits'] {
  const large = (name: string) => (budget[name] === undefined ? undefined : BigInt(budget[name]));
  const table = Object.entries(prices).map(([model, price]) => {
    const { input, output } = fields(price);
    return { model, input: BigInt(Number(input)), output: BigInt(Number(output)) };
  });
  return {
    tokens: large('tokens'),
    microUsd: large('micro_usd'),
    spawns: budget['spawns'],
    seconds: budget['seconds'],
    sessionTokens: large('session_tokens'),
    prices: table,
    tasks: maxTasks,
  };
}

/**
 * The configuration for a run about which nobody was asked. A forecast knows how often tasks are tried again, and not how often a
 * gateway turns sessions away: what needs no yes is also the most that such a run takes.
 */
export function unasked(config: Config): Config {
  const { above_sessions: spawns, above_micro_usd: micro_usd } = config.approval ?? {};
  const most = Object.entries({ spawns, micro_usd }).flatMap(([name, threshold]) =>
    threshold === undefined ? [] : [[name, Math.min(threshold, config.budget?.[name] ?? threshold)]],
  );
  return most.length > 0 ? { ...config, budget: { ...config.budget, ...Object.fromEntries(most) } } : config;
}

/** A request with the operator's models where it names none. */
export function withModels(request: Fields, { models }: Config, known: string[]): Fields {
  return models && known.includes('models') ? { ...request, models: request['models'] ?? models } : request;
}

/**
 * A request for a forecast, which asks nothing of a host and so is told none of its facts: with the operator's prices, and the
 * smaller one of two caps. What is no number is left for the component to refuse.
 */
export function asForecast(request: Fields, { budget, prices }: Config): Fields {
  const all: Fields = { ...request, ...(prices ? { prices } : {}) };
  const asked = all['budget'] ?? {};
  if (!budget || typeof asked !== 'object' || Array.isArray(asked)) return all;
  const caps = Object.entries(budget).map(([name, most]) => {
    const given = fields(asked)[name] ?? most;
    if (typeof given !== 'number') return [name, given];
    return [name, name === 'session_tokens' ? Math.max(given, most) : Math.min(given, most)];
  });
  return { ...all, budget: { ...asked, ...Object.fromEntries(caps) } };
}

/** What somebody wants a session to be. */
interface Wish {
  model?: string;
  agentId?: string;
}

/** Why a session may not be spawned as asked; undefined if it may. */
export function forbidden(config: Config, asked: Wish): string | undefined {
  return notListed(config, asked, '');
}

/** The same for one that comes through the door, which has lists of its own beside those of all sessions. */
export function forbiddenAtDoor(config: Config, asked: Wish): string | undefined {
  return forbidden(config, asked) ?? notListed(config.door ?? {}, asked, 'door.');
}

function notListed(lists: Pick<Config, 'allowedModels' | 'allowedAgents'>, asked: Wish, place: string): string | undefined {
  const not = (what: string, name: string, allowed: string[], key: string) =>
    `the ${what} ${name} is not allowed here (allowed: ${allowed.join(', ') || 'none'}; the operator sets ${WHERE}.${place}${key})`;
  const { allowedModels: models, allowedAgents: agents } = lists;
  const [model, agent] = [text(asked.model), text(asked.agentId)];
  if (model && models && !models.includes(model)) return not('model', model, models, 'allowedModels');
  if (agent && agents && !agents.includes(agent)) return not('agent', agent, agents, 'allowedAgents');
  return undefined;
}
