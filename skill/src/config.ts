/** The operator's configuration: checked against the manifest's own schema, and laid over what a request asks for. */

import { readFileSync } from 'node:fs';

import type { ToolContext } from './openclaw.ts';
import { type Fields, fields, list, own, text } from './words.ts';

export interface Problem {
  code: string;
  path: string;
  message: string;
  retryable: false;
  hint?: string;
}

export interface Config {
  models?: Record<string, string>;
  allowedModels?: string[];
  allowedAgents?: string[];
  maxConcurrent: number;
  budget?: Record<string, number>;
  prices?: Record<string, unknown>;
  timeoutSeconds: number;
  retentionDays: number;
  completionsForToolFree: boolean;
  seed?: number;
}

/** Beside dist/ in the package, beside src/ in the sources. */
export const MANIFEST = JSON.parse(readFileSync(new URL('../openclaw.plugin.json', import.meta.url), 'utf8')) as {
  id: string;
  name: string;
  description: string;
  configSchema: Fields;
};

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
  const problems = faults(MANIFEST.configSchema, given ?? {}, '').map(({ path, message }) => ({
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

/** What does not fit the schema; knows the words that the manifest uses. */
function faults(schema: Fields, value: unknown, path: string): Fault[] {
  const wrong = (need: string) => [{ path, message: `got ${JSON.stringify(value)}, need ${need}` }];
  switch (schema['type']) {
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong('true or false');
    case 'integer': {
      const [least, most] = [Number(schema['minimum'] ?? 0), Number(schema['maximum'] ?? Number.MAX_SAFE_INTEGER)];
      const fits = Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
      return fits ? [] : wrong(`a whole number from ${least} to ${most}`);
    }
    case 'string': {
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
  const missing = list(schema['required']).filter((name) => !Object.hasOwn(value, String(name)));
  const inside = Object.entries(value).flatMap(([name, item]) => {
    const place = `${path}/${name}`;
    const one = own(known, name) ?? (others === false ? undefined : others);
    if (one !== undefined) return faults(fields(one), item, place);
    return [{ path: place, message: `is not known; there are ${Object.keys(known).join(', ')}` }];
  });
  return [...missing.map((name) => ({ path, message: `has no ${name}` })), ...inside];
}

/** A request with the operator's models where it names none, and never more than the operator's budget. */
export function narrowed(request: Fields, config: Config, known: string[]): Fields {
  const all = { ...request };
  if (config.models && known.includes('models')) all['models'] ??= config.models;
  if (config.prices && known.includes('prices')) all['prices'] = config.prices;
  if (config.budget && known.includes('budget')) {
    const asked = fields(all['budget'] ?? {});
    const least = Object.entries(config.budget).map(([name, most]) => {
      const wish = asked[name];
      // What is no number is left for the component to refuse.
      return [name, wish === undefined ? most : typeof wish === 'number' ? Math.min(wish, most) : wish];
    });
    if (typeof (all['budget'] ?? {}) === 'object') all['budget'] = { ...asked, ...Object.fromEntries(least) };
  }
  return all;
}

/** Why a session may not be spawned as asked; undefined if it may. */
export function forbidden(config: Config, asked: { model?: string; agentId?: string }): string | undefined {
  const not = (what: string, name: string, allowed: string[], key: string) =>
    `the ${what} ${name} is not allowed here (allowed: ${allowed.join(', ') || 'none'}; the operator sets ${WHERE}.${key})`;
  const { allowedModels: models, allowedAgents: agents } = config;
  const [model, agent] = [text(asked.model), text(asked.agentId)];
  if (model && models && !models.includes(model)) return not('model', model, models, 'allowedModels');
  if (agent && agents && !agents.includes(agent)) return not('agent', agent, agents, 'allowedAgents');
  return undefined;
}
