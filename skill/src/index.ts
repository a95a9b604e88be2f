/** Registers the tools with OpenClaw; no logic. */

import { AsyncLocalStorage } from 'node:async_hooks';

import { defineToolPlugin } from 'openclaw/plugin-sdk/tool-plugin';

import { MANIFEST } from './config.ts';
import type { PluginApi, ToolContext } from './openclaw.ts';
import { TOOLS, createTool } from './tool.ts';

/** Calls whose turn is remembered; one that never reaches a tool is forgotten in time. */
const MOST_CALLS = 1_000;

// OpenClaw loads a plugin several times, and the hook of one load sees the calls of another.
const shared = globalThis as { [key: symbol]: Map<string, string> | undefined };
const turns = (shared[Symbol.for('parallel-agents.turns')] ??= new Map());

/** Set when the plugin is registered: there no turn is under way, so what runs in that surrounding outlives every turn. */
let outside: (<T>(work: () => T) => T) | undefined;

function runOf(callId: string): string | undefined {
  const runId = turns.get(callId);
  turns.delete(callId);
  return runId;
}

const entry = defineToolPlugin({
  id: MANIFEST.id,
  name: MANIFEST.name,
  description: MANIFEST.description,
  configSchema: MANIFEST.configSchema,
  tools: (tool) =>
    TOOLS.map(({ behind, ...shown }) =>
      tool({
        ...shown,
        factory: ({ api, toolContext: context }: { api: PluginApi; toolContext: ToolContext }) => {
          // A sub-session must not start a run of its own: with all lanes taken, both would wait for ever.
          if (context.sessionKey?.includes(':subagent:')) return null;
          return createTool({ behind, ...shown }, { api, context, outside: outside ?? ((work) => work()), runOf });
        },
      }),
    ),
});

const { register } = entry;
entry.register = (api) => {
  outside = AsyncLocalStorage.snapshot();
  (api as PluginApi).on('before_tool_call', ({ toolCallId, runId }) => {
    // By whatever name it is called: a tool may be reached through another one.
    if (!toolCallId || !runId) return;
    turns.set(toolCallId, runId);
    for (const oldest of turns.keys()) {
      if (turns.size <= MOST_CALLS) break;
      turns.delete(oldest);
    }
  });
  register.call(entry, api);
};

export default entry;
