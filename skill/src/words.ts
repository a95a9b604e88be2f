/** OpenClaw's words in those of the contract. Total: whatever comes in, something of the right shape comes out. */

import type {
  FailureKind,
  HostError,
  Message,
  Receipt,
  SessionEnd,
  SessionOutcome,
  SessionRow,
  Usage,
} from './contract.ts';

import { redacted } from './redact.ts';

export type Fields = Record<string, unknown>;

/** An answer of OpenClaw that says why nothing happened. */
export class Refused extends Error {
  readonly tag: HostError['tag'];
  constructor(tag: HostError['tag'], message: string) {
    super(message);
    this.tag = tag;
  }
}

/** What a person can do about a refusal of OpenClaw's, added to its own words. */
const REMEDIES: [RegExp, string][] = [
  [/maxTotalPerGroup/, 'raise tools.swarm.maxTotalPerGroup'],
  [/maxChildrenPerGroup/, 'raise tools.swarm.maxChildrenPerGroup, or ask for fewer at once with max_concurrent'],
  [/maxChildrenPerAgent/, 'raise agents.defaults.subagents.maxChildrenPerAgent'],
  [/agentId is not allowed/, 'add the agent to agents.defaults.subagents.allowAgents'],
  [/not allowlisted/i, 'add the model to allowedModels in plugins.entries.parallel-agents.subagent, for completions in .llm'],
  [/completion cannot override/i, 'set plugins.entries.parallel-agents.llm.allowModelOverride'],
  [/not trusted for|override/i, 'set plugins.entries.parallel-agents.subagent.allowModelOverride'],
  [/model .* (is )?not (usable|allowed)/i, 'name a model that the gateway is configured with'],
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
  [/unknown model|model .* is not usable/i, 'invalid'],
  [/not_owner|did not create|outside session tree/i, 'not-owner'],
  [/no session found|not_found|no longer exists/i, 'not-found'],
];

const FAILURES: [RegExp, FailureKind][] = [
  [/context (length|window|overflow)|prompt (is )?too (large|long)/i, 'context-overflow'],
  // OpenClaw adds the time to wait to the provider's own words, whatever these are.
  [/rate.?limit|too many requests|HTTP 429|retry-after:/i, 'rate-limited'],
  [/authentication|unauthorized|api key|billing|HTTP 40[123]/i, 'authentication'],
  // What the operator does not allow to completions, which are asked for without a spawn that could be refused.
  [/completion (cannot override|denied)|allowlist|no model configured/i, 'rejected'],
  [/rejected|model was not found|unknown model|HTTP 4\d\d/i, 'rejected'],
  // A stream that breaks off or cannot be read: all that OpenClaw says of it.
  [/agent run failed \(model/i, 'infrastructure'],
  [/internal error|overloaded|network|connection|timed? ?out|idle-timeout|HTTP 5\d\d/i, 'infrastructure'],
];

/** Why a request did not succeed. An error whose effect is not known leaves the request in doubt. */
export function hostError(error: unknown): HostError {
  const message = cut(remedied(redacted(words(error))));
  const known = error instanceof Refused ? error.tag : (find(REFUSALS, message) ?? 'in-doubt');
  // OpenClaw marks errors in its tools' arguments like this.
  const tag = known === 'in-doubt' && fields(error)['status'] === 400 ? 'invalid' : known;
  return tag === 'rate-limited' ? { tag, val: { message } } : { tag, val: message };
}

/** The receipt in the answer to `sessions_spawn`, and the run's name for `agents_wait`. Throws if it is none. */
export function receipt(answer: Fields): Receipt {
  const sessionKey = text(answer['childSessionKey']);
  const runId = text(answer['runId']);
  if (answer['status'] === 'accepted' && sessionKey && runId) {
    // One harmless tool of the host remains even where tools were taken away (see `Gateway`), so this is never true.
    return { sessionKey, runId, appliedModel: text(answer['resolvedModel']), toolFree: false };
  }
  const message = text(answer['error']) ?? 'the answer to sessions_spawn is no receipt';
  if (answer['status'] === 'forbidden') throw new Refused(find(REFUSALS, message) ?? 'forbidden', message);
  if (answer['status'] === 'error') throw new Refused(find(REFUSALS, message) ?? 'invalid', message);
  throw new Refused('in-doubt', message);
}

/** The end of a session, from what `agents_wait` says and from its transcript as far as that could be read. */
export function sessionEnd(session: string, said: Fields, messages: Message[]): SessionEnd {
  const answers = messages.filter((message) => message.role === 'assistant');
  const result = redacted(text(said['result']) ?? '');
  const last = answers.at(-1);
  return {
    session,
    outcome: outcome(said),
    // `agents_wait` cuts its text; where only that is there, the component fetches the rest by itself.
    completion: last ? { text: last.text, truncated: false, finish: last.finish }
      : { text: result, truncated: result.endsWith('…'), finish: 'stop' },
    usage: usage(said['usage']) ?? answers.map((message) => message.usage).reduce(plus, undefined),
    model: answers.findLast((message) => message.model)?.model,
  };
}

/** The host's own words, and what can be done where they do not say so. */
export function remedied(message: string): string {
  const remedy = /run `openclaw /i.test(message) ? undefined : find(REMEDIES, message);
  return remedy ? `${message} (To change that: ${remedy}.)` : message;
}

function outcome(said: Fields): SessionOutcome {
  const reason = redacted(text(said['error']) ?? text(said['schemaError']) ?? 'the host gave no reason');
  switch (said['status']) {
    case 'done':
      return { tag: 'completed' };
    case 'timeout':
      return { tag: 'timed-out' };
    case 'killed':
      return { tag: 'cancelled' };
  }
  if (/interrupted by a gateway restart/i.test(reason)) return { tag: 'interrupted' };
  // The kind is that of the host's words, which a remedy is none of.
  return { tag: 'failed', val: { kind: find(FAILURES, reason) ?? 'other', message: cut(remedied(reason)) } };
}

/** One message of a transcript. */
export function message(raw: unknown): Message {
  const { role, content, model, provider, ...rest } = fields(raw);
  const blocks =
    typeof content === 'string' ? [content] : list(content).flatMap((block) => text(fields(block)['text']) ?? []);
  return {
    role: role === 'user' || role === 'assistant' || role === 'system' ? role : 'tool',
    text: redacted(blocks.join('\n\n')),
    truncated: false,
    finish: 'stop',
    model: text(provider) && text(model) ? `${text(provider)}/${text(model)}` : undefined,
    usage: usage(rest['usage']),
  };
}

const STATES: Record<string, SessionRow['state']> = {
  queued: 'queued',
  running: 'running',
  done: 'completed',
  failed: 'failed',
  timeout: 'timed-out',
  killed: 'cancelled',
};

/** One row of `sessions_list`. It has no usage: the host sums it up for a session, not for its last run. */
export function sessionRow(raw: unknown): SessionRow {
  const { key, label, status, model } = fields(raw);
  return {
    sessionKey: text(key) ?? '',
    label: text(label),
    state: STATES[text(status) ?? ''] ?? 'unknown',
    model: text(model),
    usage: undefined,
  };
}

function usage(raw: unknown): Usage | undefined {
  const { inputTokens, input, outputTokens, output } = fields(raw);
  const read = count(inputTokens ?? input);
  const written = count(outputTokens ?? output);
  return read === undefined || written === undefined ? undefined : { inputTokens: read, outputTokens: written };
}

function plus(left: Usage | undefined, right: Usage | undefined): Usage | undefined {
  if (!left || !right) return left ?? right;
  return { inputTokens: left.inputTokens + right.inputTokens, outputTokens: left.outputTokens + right.outputTokens };
}

/** The first 1 KiB, which is all that the contract takes. */
function cut(message: string): string {
  return message.slice(0, new TextEncoder().encodeInto(message, new Uint8Array(1024)).read);
}

function find<T>(table: [RegExp, T][], message: string): T | undefined {
  return table.find(([pattern]) => pattern.test(message))?.[1];
}

export function words(error: unknown): string {
  return text(error) ?? text(fields(error)['message']) ?? 'the host failed without a word';
}

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function count(value: unknown): bigint | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? BigInt(Math.trunc(value)) : undefined;
}
