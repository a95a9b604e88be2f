/**
 * Somebody is asked before a run that could take more than the operator or the request allows unasked.
 *
 * OpenClaw asks, before the tool is called; whether to ask and with which words is the component's. The tool itself runs nothing
 * without the answer, so that no way around the question exists. The slash command cannot be asked about in this way: there the
 * person who sent it agrees with a second line.
 */

import { createHash, randomBytes } from 'node:crypto';

import { forgetOldest } from './bounded.ts';
import type { Config } from './config.ts';
import type { ToolResult } from './openclaw.ts';
import { configFor } from './hand_over.ts';
import { ask, problem, refused } from './replies.ts';
import { fields, list, text } from './values.ts';

/** A call of the component that may spawn sessions. */
export interface SpawningCall {
  name: string;
  /** Its arguments, as they will be given to the component. */
  document: string;
}

interface Question {
  title: string;
  /** At most 512 characters. */
  text: string;
}

/** Whether a call may be made, and what somebody agreed to. */
type Consent = { agreed?: string } | { refusal: ToolResult };

/** Looks whether somebody has to agree to a call, and has; where nobody has, nothing runs. */
export async function consentTo(call: SpawningCall, callId: string, owner: string, config: Config): Promise<Consent> {
  const answer = approvals.take(callId, call);
  if (answer) return answer;
  const question = await questionOf(call, config);
  if (!question) return {};
  const isLine = approvals.isLine(callId);
  const hint = isLine
    ? `to run it, send /parallel_agents yes ${approvals.wait(owner, call, question.text)} within ten minutes`
    : 'call it in a turn of which somebody can be asked, ask for less, or have the operator raise approval';
  const message = isLine ? question.text : `nobody was asked about this, so nothing was run. ${question.text}`;
  return { refusal: refused([problem('E_APPROVAL', message, '', hint)]) };
}

/** How long a question waits for its answer where the operator names no time. */
const SECONDS = 120;

export function approvalTimeoutMs({ approval }: Config): number {
  return (approval?.seconds ?? SECONDS) * 1_000;
}

/** What somebody has to agree to before this call; undefined if nothing. */
export async function questionOf({ name, document }: SpawningCall, config: Config): Promise<Question | undefined> {
  const given = fields(JSON.parse(document));
  if (!config.approval && !given['approval']) return undefined;
  const { seconds: _, ...approval } = config.approval ?? {};
  const { budget, prices, maxTasks: tasks } = configFor({ name, document }, config);
  const operator = { approval, tasks, ...(budget ? { budget } : {}), ...(prices ? { prices } : {}) };
  const reply = await ask('check_approval', JSON.stringify({ function: name, arguments: given, operator }));
  const answer = fields(JSON.parse(reply.val));
  if (reply.tag === 'answer')
    return answer['needed'] === true ? { title: text(answer['title']) ?? name, text: text(answer['text']) ?? '' } : undefined;
  const problems = list(answer['errors']).map(fields);
  // The call itself is refused for these, and costs nothing.
  if (problems.every(({ path }) => text(path)?.startsWith('/arguments'))) return undefined;
  return { title: `Run ${name}`, text: `What it would cost could not be found out (${text(problems[0]?.code)}).` };
}

/** Calls whose answer is remembered; one that never reaches a tool is forgotten in time. */
const MOST = 1_000;

/** How long a person who sent a slash command may think about its cost. */
const LINE_MS = 600_000;

interface Pending extends SpawningCall {
  owner: string;
  agreed: string;
  until: number;
}

/** Answers, and questions that wait for one. Each call goes by its name among those of all sessions (`callName`). */
class Approvals {
  /** By call: what was agreed to, as a hash, and what was said about it; no words where nobody had to agree. */
  readonly #answers = new Map<string, { hash: string; agreed: string | undefined }>();
  /** Calls that were made by a line of the slash command. */
  readonly #lines = new Set<string>();
  readonly #pending = new Map<string, Pending>();

  /** A call may be made. `agreed`: what a person said yes to. */
  allow(callId: string, call: SpawningCall, agreed?: string): void {
    this.#answers.set(callId, { hash: hash(call), agreed });
    forgetOldest(this.#answers, MOST);
  }

  /** Whether this call may be made, once, and what was agreed to; undefined if nobody has looked at it as it is. */
  take(callId: string, call: SpawningCall): { agreed: string | undefined } | undefined {
    const answer = this.#answers.get(callId);
    this.#answers.delete(callId);
    return answer?.hash === hash(call) ? { agreed: answer.agreed } : undefined;
  }

  /** A call was made by the slash command of a person, and by no model. */
  line(callId: string): void {
    this.#lines.add(callId);
    forgetOldest(this.#lines, MOST);
  }

  isLine(callId: string): boolean {
    return this.#lines.has(callId);
  }

  /** Keeps a question for the person who sent a slash command; the code with which they agree. */
  wait(owner: string, call: SpawningCall, agreed: string, now = Date.now()): string {
    const code = randomBytes(4).toString('hex');
    this.#pending.set(code, { ...call, owner, agreed, until: now + LINE_MS });
    forgetOldest(this.#pending, MOST);
    return code;
  }

  /** The call that a code agrees to, once. */
  agree(code: string, owner: string, now = Date.now()): (SpawningCall & { agreed: string }) | undefined {
    const pending = this.#pending.get(code);
    if (pending?.owner !== owner) return undefined;
    this.#pending.delete(code);
    return pending.until > now ? pending : undefined;
  }
}

function hash({ name, document }: SpawningCall): string {
  return createHash('sha256').update(`${name} ${document}`).digest('hex');
}

/** OpenClaw loads a plugin several times; the load that asks need not be the one that runs the tool. */
const shared = globalThis as { [key: symbol]: unknown };
export const approvals = (shared[Symbol.for('parallel-agents.approvals')] ??= new Approvals()) as Approvals;
