/** Registers the tools with OpenClaw; no logic. */

import { AsyncLocalStorage } from 'node:async_hooks';

import { defineToolPlugin } from 'openclaw/plugin-sdk/tool-plugin';

import { announceKept } from './announce.ts';
import { beforeCall } from './before_call.ts';
import { MANIFEST, WHERE } from './config.ts';
import { isDoor } from './door_tool.ts';
import { followKept } from './hand_over.ts';
import { Notices } from './notices.ts';
import { FIRST, type PluginApi, type ToolContext, loadSkillLists, loadToolFactory as loadTools } from './openclaw.ts';
import { notePort, registerPages } from './page_route.ts';
import { noteCard } from './progress.ts';
import { tidy } from './retention.ts';
import { runs } from './runs.ts';
import { shadow, warnOfShadow } from './shadow.ts';
import { endThreads } from './threads.ts';
import { TOOLS, createTool } from './tool.ts';
import { rememberTurn, runOf } from './turns.ts';

/** A tool that is called through another one comes by its own name too. */
const NAMES = new Set(TOOLS.map(({ name }) => name));

// OpenClaw loads a plugin several times, and what one load knows the others need too.
const shared = globalThis as { [key: symbol]: unknown };
const OUTSIDE = Symbol.for('parallel-agents.outside');
const NOTICES = Symbol.for('parallel-agents.notices');

type Surrounding = <T>(work: () => T) => T;

/** Runs something where no turn is under way, so that it outlives them all. */
const outside: Surrounding = (work) => {
  const snapshot = shared[OUTSIDE] as Surrounding | undefined;
  return snapshot ? snapshot(work) : work();
};

/** Only a load that services are started in may tell sessions anything, so the others use that one's. */
const notices = () => shared[NOTICES] as Notices | undefined;

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
          // Nobody else is shown that it is there.
          if (behind.door && !isDoor(api, context)) return null;
          const { workspaceDir, agentId } = context;
          const shadowed = async () => shadow(await loadSkillLists(), { workspaceDir, agentId, cfg: context.getRuntimeConfig?.() });
          return createTool({ behind, ...shown }, { api, context, outside, runOf, loadTools, notices, shadow: shadowed });
        },
      }),
    ),
});

const { register } = entry;
entry.register = (api) => {
  const { on, registerService, registerReload } = api as PluginApi;
  // It is read at every call. For anything else the gateway would load the plugin anew, and a run that goes on after its
  // turn does so in the surroundings of the first load, which OpenClaw then no longer answers.
  registerReload?.({ noopPrefixes: [WHERE] });
  registerPages(api as PluginApi);
  on('gateway_start', ({ port }) => notePort(port));
  // A load may happen within a turn, but the first one does not, and services are started by the gateway itself.
  shared[OUTSIDE] ??= AsyncLocalStorage.snapshot();
  shared[FIRST] ??= AsyncLocalStorage.snapshot();
  let made: Notices | undefined;
  registerService?.({
    id: 'parallel-agents',
    start: () => {
      shared[OUTSIDE] = AsyncLocalStorage.snapshot();
      tidy(api as PluginApi);
      void loadSkillLists().then((lists) => warnOfShadow(api as PluginApi, lists));
      if (Notices.areThere(api as PluginApi)) shared[NOTICES] = made = new Notices(api as PluginApi, outside);
      // First, since what is followed is not told of as cut off.
      followKept(api as PluginApi, outside, made);
      if (made) announceKept(api as PluginApi, made);
    },
    // The gateway ends, or another load takes over, and then OpenClaw answers nothing that this one asks.
    stop: async () => {
      made?.stop();
      await runs.cutOff();
      endThreads();
    },
  });
  on('before_tool_call', async (event, context) => {
    noteCard(event.toolName, event.toolCallId, context?.sessionKey);
    rememberTurn(event, context ?? {}, NAMES);
    return beforeCall(api as PluginApi, event, context);
  });
  register.call(entry, api);
};

export default entry;
