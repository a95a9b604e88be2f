/** Transcripts and ends of sessions in the words of the contract. Secrets are still in them; the worker takes them out. */

import type { Message, SessionEnd, SessionOutcome, Usage } from './contract.ts';
import { failureOf, remedied } from './failures.ts';
import { redacted } from './redact.ts';
import { cut, cutMessage, headOfMessage } from './text.ts';
import { type Fields, fields, list, text } from './values.ts';

type Finish = Message['finish'];

/** A message, and the error that ended it. */
export type Spoken = Message & { error?: string };

/** Why a text ends, as OpenClaw and providers say it; what is not here is not known. */
const FINISHES = new Map<unknown, Finish>([
  ...['stop', 'end', 'end_turn', 'endturn', 'stop_sequence', 'eos', 'complete', 'completed'].map((name) => [name, 'stop'] as const),
  ...['length', 'max_tokens', 'max_output_tokens', 'model_length', 'token_limit'].map((name) => [name, 'length'] as const),
  ...['content_filter', 'contentfilter', 'refusal', 'safety', 'blocklist', 'prohibited_content', 'recitation', 'spii'].map(
    (name) => [name, 'filtered'] as const,
  ),
]);

/** A filter, in the words of an error: OpenClaw reports one as such. */
const FILTERED = /(?:finish_?reason|stop_?reason|reason):? ?['"]?(?:content_?filter|safety|refusal|prohibited_content|blocklist|recitation|spii)|content[_ ]?filter|content management policy/i;

/** Reasons that stand for an error and not for the end of an answer. */
const BROKEN = ['error', 'aborted'];

/** Why a text ends that ended with this reason and, perhaps, with this error. */
function finishOf(reason: unknown, error?: string): Finish {
  if (error !== undefined && FILTERED.test(error)) return 'filtered';
  return FINISHES.get(text(reason)?.toLowerCase()) ?? 'unknown';
}

/** One message of a transcript. */
export function message(raw: unknown): Spoken {
  const { role, content, model, provider, stopReason, errorMessage, ...rest } = fields(raw);
  const blocks =
    typeof content === 'string' ? [content] : list(content).flatMap((block) => text(fields(block)['text']) ?? []);
  const { text: shown, truncated } = cut(blocks.join('\n\n'));
  const said: Spoken = {
    role: role === 'user' || role === 'assistant' || role === 'system' ? role : 'tool',
    text: shown,
    truncated,
    finish: 'stop',
    model: text(provider) && text(model) ? `${text(provider)}/${text(model)}` : undefined,
    usage: usage(rest['usage']),
  };
  if (said.role !== 'assistant') return said;
  const error = redacted(headOfMessage(text(errorMessage) ?? ''));
  said.finish = finishOf(stopReason, error);
  if (BROKEN.includes(text(stopReason) ?? '')) said.error = error;
  return said;
}

/**
 * The end of a session, from what `agents_wait` says and from its transcript as far as that could be read. Of a session that
 * did not come to its end this is what it had said by then.
 */
export function sessionEnd(session: string, said: Fields, messages: Spoken[]): SessionEnd {
  const answers = messages.filter((message) => message.role === 'assistant');
  const outcome = outcomeOf(said, answers.at(-1));
  const broken = outcome.tag === 'failed';
  const reasons = broken ? [text(said['error']), answers.at(-1)?.error].flatMap((reason) => reason?.trim() || []) : [];
  const spoken = answers.findLast((message) => message.text !== '' && !tellsFailure(message.text, reasons));
  const last = outcome.tag === 'completed' ? answers.at(-1) : spoken;
  const found = last ? { text: last.text, truncated: last.truncated, finish: last.finish } : reportedCompletion(said);
  return {
    session,
    outcome,
    completion: tellsFailure(found.text, reasons) ? undefined : found,
    usage: usage(said['usage']) ?? answers.map((message) => message.usage).reduce(plus, undefined),
    model: answers.findLast((message) => message.model)?.model,
  };
}

/** OpenClaw answers in the agent's place when a turn fails; its sentence, perhaps cut, is no partial answer. */
function tellsFailure(shown: string, reasons: string[]): boolean {
  const words = shown.trim();
  const isCut = words.length > 1 && words.endsWith('…');
  return reasons.some((reason) => reason === words || (isCut && reason.startsWith(words.slice(0, -1))));
}

/** `agents_wait` cuts its text; where only that is there, the component fetches the rest by itself. */
function reportedCompletion(said: Fields): NonNullable<SessionEnd['completion']> {
  const { text: shown, truncated } = cut(text(said['result']) ?? '');
  return { text: shown, truncated: truncated || shown.endsWith('…'), finish: finishOf(said['stopReason']) };
}

function outcomeOf(said: Fields, last: Spoken | undefined): SessionOutcome {
  switch (said['status']) {
    case 'done':
      // A host may take an error for an answer. A filter is none: what it let pass is the answer, and says so.
      if (last?.error === undefined || last.finish === 'filtered') return { tag: 'completed' };
      return failed(last.error || 'the model’s last message ended with an error that has no words');
    case 'timeout':
      return { tag: 'timed-out' };
    case 'killed':
      return { tag: 'cancelled' };
  }
  const error = text(said['error']) ?? text(said['schemaError']) ?? (last?.error || 'the host gave no reason');
  return failed(redacted(headOfMessage(error)), last?.error);
}

/** The host's words, beside those of the provider, which may say more of what kind it is and how long it lasts. */
function failed(reason: string, cause = ''): SessionOutcome {
  if (/interrupted by a gateway restart/i.test(reason)) return { tag: 'interrupted' };
  const [shown, behind] = [failureOf(reason), failureOf(cause)];
  // The kind is that of the host's words, which a remedy is none of.
  const kind = shown.kind === 'other' ? behind.kind : shown.kind;
  const wait = shown.retryAfterMs ?? behind.retryAfterMs;
  const retryAfterMs = wait === undefined ? undefined : BigInt(wait);
  return { tag: 'failed', val: { kind, message: cutMessage(remedied(reason)), retryAfterMs } };
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

function count(value: unknown): bigint | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? BigInt(Math.trunc(value)) : undefined;
}
