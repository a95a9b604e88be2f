/** Errors of OpenClaw and of providers in the contract's kinds, read from their words once, where they come in. */

import type { FailureKind, HostError } from './contract.ts';
import { waitIn } from './waits.ts';

/** What a person can do about a refusal of OpenClaw's, added to its own words. */
const REMEDIES: [RegExp, string][] = [
  [/maxTotalPerGroup/, 'raise tools.swarm.maxTotalPerGroup'],
  [/maxChildrenPerGroup/, 'raise tools.swarm.maxChildrenPerGroup, or ask for fewer at once with max_concurrent'],
  [/maxChildrenPerAgent/, 'raise agents.defaults.subagents.maxChildrenPerAgent'],
  [/agentId is not allowed/, 'add the agent to agents.defaults.subagents.allowAgents'],
  [/not allowlisted/i, 'add the model to allowedModels in plugins.entries.parallel-agents.subagent, for completions in .llm'],
  [/completion cannot override/i, 'set plugins.entries.parallel-agents.llm.allowModelOverride'],
  [/not trusted for|override/i, 'set plugins.entries.parallel-agents.subagent.allowModelOverride'],
  [/model .{0,200} (is )?not (usable|allowed)/i, 'name a model that the gateway is configured with'],
  [/draining|shutting down|is starting|ECONNREFUSED|gateway (is )?not running/i, 'start it with: openclaw gateway run'],
];

const REFUSALS: [RegExp, HostError['tag']][] = [
  [/maxTotalPerGroup/, 'exhausted'],
  [/maxChildrenPerGroup|max active children/, 'at-capacity'],
  [/rate.?limit|too many requests/i, 'rate-limited'],
  // The turn ended while it was asked; nothing was done, and what is asked from outside of the turn now is.
  [/authority (is no longer active|expired)/i, 'busy'],
  // The host could not note the session down, so it has not launched it.
  [/Failed to register subagent run/, 'busy'],
  [/still active|try again|changed before|is locked/i, 'busy'],
  [/draining|shutting down|is starting|unavailable|ECONNREFUSED|gateway (is )?not running/i, 'unavailable'],
  [/not trusted for|not allowlisted|is not allowed/i, 'forbidden'],
  [/unknown model|model .{0,200} is not usable/i, 'invalid'],
  [/not_owner|did not create|outside session tree/i, 'not-owner'],
  [/no session found|not_found|no longer exists/i, 'not-found'],
];

/** A prompt that does not fit, in the words of providers, of their servers and of OpenClaw. */
const OVERFLOW =
  /context[ _-]?(length|window|overflow|size|limit)|maximum (context|input|allowed input) length|max_model_len|prompt (is )?too (large|long)|prompt exceeds|input (is )?too long|input token count|exceeds? the maximum number of (input )?tokens|token limit exceeded|too many (input )?tokens|request_too_large|request (is )?too large|payload too large|reduce the length of|exceeds? the model limit|model token limit|ran out of (room|space)|exceeds? the available context|上下文(过长|超出|长度超)/i;

/** No money, or none on this plan. */
const BILLING =
  /billing|payment required|insufficient[_ ](quota|credits?|balance|funds)|exceeded your current quota|credit balance|out of (credits|budget)|(requires?|add) more credits|spend(ing)?[_ ]limit|hard limit|余额不足|欠费/i;

const RATE =
  /rate.?limit|too many (concurrent )?requests|retry-after:|capacity exceeded|too many tokens, please wait|requests? per (second|minute|hour|day)|tokens per (minute|hour|day)|\b[rt]pm\b|quota|resource[_ ]?(has been )?exhausted|throttl|usage limit|concurrency limit|model_cooldown|请求过于频繁|频率限制/i;

const AUTHENTICATION =
  /authenticat|unauthorized|api[_ -]?key|access denied|permission[_ ]?(error|denied)|forbidden|invalid (token|credentials)|credentials|missing scopes?|oauth token|re-authenticate|密钥无效|认证失败/i;

const NO_SUCH_MODEL =
  /model[_ -]?(was )?not[_ -]?found|unknown model|no such model|model .{0,80}(not found|does not exist|is not supported|has been deprecated)|no endpoints found|not a valid model|invalid model|router not found|try pulling it/i;

/** What passes: the provider, or the way to it. A stream that breaks off or cannot be read is all that the last words say. */
const INFRASTRUCTURE =
  /internal (server )?error|overloaded|at capacity|high (demand|load)|unavailable|bad gateway|gateway timeout|upstream|network|connection|socket hang up|fetch failed|ECONN|ENOTFOUND|EAI_AGAIN|timed? ?out|timeout|deadline exceeded|idle-timeout|terminated|stream (ended|was|disconnected|closed)|premature close|TLS certificate|session expired|agent run failed \(model/i;

/** A model that a server loads first, and that will be there. */
const NOT_READY =
  /(loading|load the) model|model .{0,80}(is|being) (currently |still )?load(ing|ed)|still loading|warming up|not (yet )?(ready|loaded)|cold start/i;

const REJECTED =
  /completion (cannot override|denied)|allowlist|no model configured|rejected|invalid[_ ]request|unsupported|not supported|content[_ ]?(filter|policy)|safety|refusal/i;

/** Tokens a minute that are fewer than the request alone has: no wait helps. */
const STATED_SIZES = /(?:\btpm\b|tokens per minute).{0,120}?\blimit:? ([\d,]{1,12}).{0,120}?\brequested:? ([\d,]{1,12})/i;

/** A status of HTTP, where the words alone do not say it. */
const STATUS = /(?:\b(?:HTTP|status|code|error|response)\b["']?(?: code)?\W{1,4}|^\W{0,3})([45]\d\d)\b/i;

interface Failure {
  kind: FailureKind;
  /** How long the provider asks to wait. */
  retryAfterMs: number | undefined;
}

/** What kind of failure these words tell of. */
export function failureOf(message: string, now?: number): Failure {
  const retryAfterMs = waitIn(message, now);
  return { kind: kindOf(message, retryAfterMs !== undefined), retryAfterMs };
}

function kindOf(message: string, namesAWait: boolean): FailureKind {
  const [, limit, requested] = STATED_SIZES.exec(message) ?? [];
  const count = (digits = '0') => Number(digits.replaceAll(',', ''));
  if (count(requested) > count(limit)) return 'context-overflow';
  const [isRate, isOverflow, isBilling] = [RATE, OVERFLOW, BILLING].map((words) => words.test(message));
  // Some tell in one sentence of the plan and of the minute; who names a time to wait means the minute.
  if (isRate && (namesAWait || /please wait/i.test(message) || !(isBilling || isOverflow))) return 'rate-limited';
  if (isOverflow) return 'context-overflow';
  if (isBilling) return 'authentication';
  if (NO_SUCH_MODEL.test(message)) return 'rejected';
  if (AUTHENTICATION.test(message)) return 'authentication';
  // What the operator does not allow to completions, which are asked for without a spawn that could be refused.
  if (/completion (cannot override|denied)|allowlist|no model configured|content[_ ]?filter/i.test(message)) return 'rejected';
  if (NOT_READY.test(message)) return 'not-ready';
  if (INFRASTRUCTURE.test(message)) return 'infrastructure';
  if (REJECTED.test(message)) return 'rejected';
  return kindOfStatus(Number(STATUS.exec(message)?.[1] ?? 0));
}

function kindOfStatus(status: number): FailureKind {
  if (status === 429) return 'rate-limited';
  if ([401, 402, 403].includes(status)) return 'authentication';
  if (status === 413) return 'context-overflow';
  if ([408, 409, 425].includes(status) || status >= 500) return 'infrastructure';
  return status >= 400 ? 'rejected' : 'other';
}

/** What became of a request that was refused; undefined where the words do not say it. */
export function refusalOf(message: string): HostError['tag'] | undefined {
  return REFUSALS.find(([pattern]) => pattern.test(message))?.[1];
}

/** The host's own words, and what can be done where they do not say so. */
export function remedied(message: string): string {
  const remedy = /run `openclaw /i.test(message) ? undefined : REMEDIES.find(([pattern]) => pattern.test(message))?.[1];
  return remedy ? `${message} (To change that: ${remedy}.)` : message;
}
