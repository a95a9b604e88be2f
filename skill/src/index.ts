/** Registers the tool with OpenClaw; no logic. */

import { AsyncLocalStorage } from 'node:async_hooks';

import type { PluginApi } from './openclaw.ts';
import { TOOL, createTool } from './tool.ts';

/** Calls whose turn is remembered; one that never reaches the tool is forgotten in time. */
const MOST_CALLS = 1_000;

// OpenClaw loads a plugin several times, and the hook of one load sees the calls of another.
const shared = globalThis as { [key: symbol]: Map<string, string> | undefined };
const turns = (shared[Symbol.for('parallel-agents.turns')] ??= new Map());

export default {
  id: 'parallel-agents',
  name: 'Parallel agents',
  description: 'Runs teams of specialised sub-sessions in parallel and returns checked results.',
  register(api: PluginApi): void {
    // Here no turn is under way, so what runs in this surrounding outlives every turn.
    const outside = AsyncLocalStorage.snapshot();
    api.on('before_tool_call', ({ toolName, toolCallId, runId }) => {
      if (toolName !== TOOL || !toolCallId || !runId) return;
      turns.set(toolCallId, runId);
      for (const oldest of turns.keys()) {
        if (turns.size <= MOST_CALLS) break;
        turns.delete(oldest);
      }
    });
    const runOf = (callId: string) => {
      const runId = turns.get(callId);
      turns.delete(callId);
      return runId;
    };
    api.registerTool(
      (context) => {
        // A sub-session must not start a team of its own: with all lanes taken, both would wait for ever.
        if (!context.sessionKey || context.sessionKey.includes(':subagent:')) return null;
        return createTool({ api, context, outside, runOf });
      },
      { name: TOOL },
    );
  },
};
