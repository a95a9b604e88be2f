/** What the door stands on, and how it comes by it in one call of the tool. */

import { forgetOldest } from './bounded.ts';
import { isCompletion } from './completion.ts';
import type { Config } from './config.ts';
import { DoorCompletions } from './door_completions.ts';
import { DoorRegistry } from './door_registry.ts';
import { Gateway } from './gateway.ts';
import type { Environment } from './invocation.ts';
import type { CreateTools } from './openclaw.ts';
import { Refused } from './openclaw_mapping.ts';
import { fields } from './values.ts';

/** The gateway, with or without its completions. */
type DoorSessions = Gateway | DoorCompletions;

export interface DoorSetting {
  gateway: DoorSessions;
  registry: DoorRegistry;
  config: Config;
  /** The session to which all of its sessions belong. */
  session: string;
  /** Sessions that the gateway takes into one group. */
  group: { all: number; live: number };
  warn(message: string): void;
}

/** What OpenClaw takes into one group where its configuration names no numbers. */
const GROUP = { all: 200, live: 50 };

/** Sessions whose running is remembered; one that nobody waits for is forgotten in time. */
const MOST_RUNNING = 10_000;

/** How long the session's tools are used before they are made again. */
const FRESH_MS = 300_000;

/** Making the tools of a session takes OpenClaw 15 to 50 ms, so this load keeps those of the door for a while. */
let kept: { gateway: DoorSessions; config: unknown; session: string; madeMs: number; stop: () => void } | undefined;

/** Everything that the door needs; throws what is missing. */
export async function doorSetting({ api, context, outside, loadTools }: Environment, config: Config): Promise<DoorSetting> {
  const directory = api.runtime.state?.resolveStateDir?.(process.env);
  if (!directory) throw new Refused('unsupported', 'this gateway gives plugins no place for what they keep');
  const registry = DoorRegistry.open(directory, config.retentionDays);
  const createTools = await loadTools();
  if (!createTools) throw new Refused('unsupported', 'this gateway gives plugins no session tools');
  const session = context.sessionKey ?? '';
  const gateway = gatewayFor({ api, context, outside }, createTools, config, registry);
  const warn = (message: string) => api.logger.warn(message);
  return { gateway, registry, config, session, group: groupLimits(context.getRuntimeConfig?.()), warn };
}

function gatewayFor(
  { api, context, outside }: Pick<Environment, 'api' | 'context' | 'outside'>,
  createTools: CreateTools,
  { completionsForToolFree }: Config,
  registry: DoorRegistry,
): DoorSessions {
  const [config, session] = [context.getRuntimeConfig?.(), context.sessionKey ?? ''];
  const isFresh = kept && kept.config === config && kept.session === session && performance.now() - kept.madeMs < FRESH_MS;
  if (kept && isFresh) return kept.gateway;
  // The call is over before its sessions are, so nothing is done with its authority.
  const around = { runtime: api.runtime, context, outside, turn: { runId: undefined, over: true } };
  const sessions = new Gateway(around, createTools);
  const missing = sessions.lacks();
  if (missing.length > 0) throw new Refused('unsupported', `the door's session has no ${missing.join(' and no ')}`);
  kept?.stop();
  const completes = completionsForToolFree && api.runtime.llm?.complete;
  const gateway = completes ? new DoorCompletions(around, sessions, registry.shared.completions) : sessions;
  const { running, wakes } = registry.shared;
  const stop = gateway.onStart((started) => {
    if (!started.includes(':subagent:') && !isCompletion(started)) return;
    running.add(started);
    forgetOldest(running, MOST_RUNNING);
    for (const wake of [...wakes]) wake();
  });
  kept = { gateway, config, session, madeMs: performance.now(), stop };
  return gateway;
}

function groupLimits(config: unknown): DoorSetting['group'] {
  const swarm = fields(fields(fields(config)['tools'])['swarm']);
  const most = (name: string, otherwise: number) => {
    const value = Number(swarm[name]);
    return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
  };
  return { all: most('maxTotalPerGroup', GROUP.all), live: most('maxChildrenPerGroup', GROUP.live) };
}
