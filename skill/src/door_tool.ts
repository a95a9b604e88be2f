/** The door for programs outside of the gateway: who is let in, what they may ask, and how they are answered. */

import { performance } from 'node:perf_hooks';

import { type Config, MANIFEST, limitsOf, present, readConfig } from './config.ts';
import type { Message, Receipt, SessionEnd, Usage } from './contract.ts';
import { Door, type Row, mostLive } from './door.ts';
import type { ToldEnd } from './door_ends.ts';
import { DoorError } from './door_registry.ts';
import { type DoorRequest, readRequest } from './door_request.ts';
import { type DoorSetting, doorSetting } from './door_setting.ts';
import type { Environment } from './invocation.ts';
import type { PluginApi, ToolContext, ToolResult } from './openclaw.ts';
import { hostError } from './openclaw_mapping.ts';
import { problem } from './replies.ts';
import { runs } from './runs.ts';
import { facts } from './sessions.ts';
import { type Fields, errorText } from './values.ts';

/** The form of requests and answers; another one is not understood by programs that know this one. */
const PROTOCOL = 1;

/** The longest wait, well below the 300 s after which Node's `fetch` gives up an answer. */
const MOST_WAIT_SECONDS = 240;

interface Call extends Environment {
  config: Config;
  /** Set if a model's turn makes the call. */
  turn: string | undefined;
  signal?: AbortSignal;
}

/** Whether a session is the one that the operator has made a door of. */
export function isDoor(api: PluginApi, context: ToolContext): boolean {
  const { config, problems } = readConfig(present(context, api.pluginConfig));
  return problems.length === 0 && config.door !== undefined && context.sessionKey === config.door.session;
}

export async function doorTool(given: Fields, schema: object, call: Call): Promise<ToolResult> {
  const closed = whyClosed(call);
  if (closed) return refusal(new DoorError('E_DOOR_CLOSED', 'forbidden', closed));
  const request = readRequest(schema, given);
  if (Array.isArray(request)) return reply({ ok: false, state: 'refused', run_id: null, errors: request.map((one) => ({ ...one, kind: 'invalid' })) });
  try {
    return reply({ ok: true, state: 'done', run_id: null, result: await answer(request, await doorSetting(call, call.config), call) });
  } catch (error) {
    return refusal(error);
  }
}

function whyClosed({ config: { door }, context: { sessionKey }, turn }: Call): string | undefined {
  if (!door) return 'the operator has configured no door';
  if (sessionKey !== door.session) return 'the door is another session than the one that this call is made in';
  return turn === undefined ? undefined : 'the door is for programs by POST /tools/invoke, and not for turns of a model';
}

async function answer(request: DoorRequest, setting: DoorSetting, call: Call): Promise<object> {
  const door = new Door(setting);
  switch (request.action) {
    case 'facts':
      return factsOf(setting, call);
    case 'spawn':
      return { key: request.options.idempotencyKey, ...receipt(await door.spawn(request.options)) };
    case 'wait': {
      const { ended, started, unknown } = await door.wait(request.keys, request.started, request.timeoutMs, call.signal);
      return { ended: ended.map(end), started, unknown };
    }
    case 'read': {
      const page = await door.read(request.key, request);
      const { hasMore: has_more, droppedMessages: dropped_messages, redacted } = page;
      return { key: request.key, messages: page.messages.map(message), has_more, dropped_messages, redacted };
    }
    case 'list': {
      const { rows, hasMore } = await door.list(request.search, request.offset, request.limit);
      return { sessions: rows.map(row), has_more: hasMore };
    }
    case 'cancel':
      return { key: request.key, cancelled: true, session_key: (await door.cancel(request.key)) ?? null };
    case 'delete':
      return { key: request.key, deleted: true, session_key: (await door.delete(request.key)) ?? null };
  }
}

/** What a program has to know before it asks for anything. */
function factsOf({ registry, config, session }: DoorSetting, { api, context, outside }: Call): object {
  const around = { runtime: api.runtime, context, outside, turn: { runId: undefined, over: true } };
  const live = mostLive(config);
  const { maxConcurrent, reportsStarts } = facts(around, { seed: 0n, maxConcurrent: live, keepsJournal: false });
  const { prices = [], ...limits } = limitsOf(config) ?? {};
  const numbers = Object.entries(limits).map(([name, value]) => [snake(name), value === undefined ? null : Number(value)]);
  const price = ({ model, input, output }: (typeof prices)[number]) => [model, { input: Number(input), output: Number(output) }];
  return {
    protocol: PROTOCOL,
    versions: { plugin: MANIFEST.version ?? null, node: process.versions.node },
    session,
    most_live: live,
    max_concurrent: maxConcurrent,
    most_wait_seconds: MOST_WAIT_SECONDS,
    reports_starts: reportsStarts,
    allowed_models: both(config.allowedModels, config.door?.allowedModels),
    allowed_agents: both(config.allowedAgents, config.door?.allowedAgents),
    limits: { ...Object.fromEntries(numbers), prices: Object.fromEntries(prices.map(price)) },
    load: {
      live: registry.live.length,
      runs: runs.all().filter((run) => run.live).length,
      // Of the gateway's one thread since it began.
      busy_permille: Math.round(performance.eventLoopUtilization().utilization * 1_000),
    },
  };
}

/** What is on both lists; null allows all. */
function both(one: string[] | undefined, other: string[] | undefined): string[] | null {
  if (!one || !other) return one ?? other ?? null;
  return one.filter((name) => other.includes(name));
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function receipt({ sessionKey, runId, appliedModel, toolFree }: Receipt): object {
  return { session_key: sessionKey, run_id: runId, model: appliedModel ?? null, tool_free: toolFree };
}

function end({ key, session, outcome, completion, usage, model }: ToldEnd): object {
  return { key, session_key: session, outcome: outcome.tag, failure: failure(outcome), completion: completion ?? null, usage: used(usage), model: model ?? null };
}

function failure(outcome: SessionEnd['outcome']): object | null {
  if (outcome.tag !== 'failed') return null;
  const { kind, message, retryAfterMs } = outcome.val;
  return { kind, message, retry_after_ms: retryAfterMs === undefined ? null : Number(retryAfterMs) };
}

function message({ role, text, truncated, finish, model, usage }: Message): object {
  return { role, text, truncated, finish, model: model ?? null, usage: used(usage) };
}

function row({ key, sessionKey, label, state, model }: Row): object {
  return { key, session_key: sessionKey, label: label ?? null, state, model: model ?? null };
}

function used(usage: Usage | undefined): object | null {
  return usage ? { input_tokens: Number(usage.inputTokens), output_tokens: Number(usage.outputTokens) } : null;
}

/** An error with its code, and with its kind in the words of the contract with hosts. */
function refusal(error: unknown): ToolResult {
  const { tag, val } = hostError(error);
  const [said, wait] = typeof val === 'string' ? [val, undefined] : [val.message, val.retryAfterMs];
  const isOwn = error instanceof DoorError;
  const code = isOwn ? error.code : tag === 'in-doubt' ? 'E_DOOR_IN_DOUBT' : 'E_DOOR_GATEWAY';
  const one = problem(code, isOwn ? errorText(error) : said, '', isOwn ? error.hint : undefined);
  const more = wait === undefined ? {} : { retry_after_ms: Number(wait) };
  const retryable = ['at-capacity', 'rate-limited', 'unavailable', 'busy', 'in-doubt'].includes(tag);
  return reply({ ok: false, state: 'refused', run_id: null, errors: [{ ...one, retryable, kind: tag, ...more }] });
}

/** Programs read the details; the text beside them would double every answer. */
function reply(details: object): ToolResult {
  return { content: [{ type: 'text', text: 'See details.' }], details };
}
