/** The turns in which calls of the tools are made: OpenClaw names them before a call, and not to the tool itself. */

import { forgetOldest } from './bounded.ts';
import type { HookContext, ToolCallEvent } from './openclaw.ts';

/** Calls whose turn is remembered; one that never reaches a tool is forgotten in time. */
const MOST_CALLS = 1_000;

// OpenClaw loads a plugin several times, and what one load knows the others need too.
const shared = globalThis as { [key: symbol]: unknown };
const turns = (shared[Symbol.for('parallel-agents.turns')] ??= new Map()) as Map<string, string>;

/** A call's name among those of all sessions. Some model servers count their calls anew in each, and so give the same id again. */
export function callName(session: string | undefined, id: string): string {
  return JSON.stringify([session ?? '', id]);
}

/** Looks at a call that is about to be made. `tools`: the names of the plugin's own; others would push these out. */
export function rememberTurn({ toolName, toolCallId, runId }: ToolCallEvent, { sessionKey }: HookContext, tools: Set<string>): void {
  if (!toolCallId || !runId || !tools.has(toolName ?? '')) return;
  turns.set(callName(sessionKey, toolCallId), runId);
  forgetOldest(turns, MOST_CALLS);
}

/** The turn of a call, once; undefined if it was made outside of one. */
export function runOf(call: string): string | undefined {
  const runId = turns.get(call);
  turns.delete(call);
  return runId;
}
