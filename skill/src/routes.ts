/** Which way sessions are spawned: the caller's own tools if it has them, otherwise the plugin's sub-agents. */

import { Completions } from './completion.ts';
import type { Problem } from './config.ts';
import { Gateway } from './gateway.ts';
import type { Invocation } from './invocation.ts';
import { Later } from './later.ts';
import type { CreateTools } from './openclaw.ts';
import { Refused } from './openclaw_mapping.ts';
import { problem } from './replies.ts';
import type { Route, Sessions, Surroundings } from './sessions.ts';
import { Subagents } from './subagent.ts';

/** The best route that this call has. */
export async function choose({ api, context, outside, turn, config, loadTools }: Invocation): Promise<Route> {
  const around = { runtime: api.runtime, context, outside, turn: { runId: turn, over: false } };
  const none = (problem: Problem): Route => ({ around, sessions: nothing(problem.message), problem });
  if (!context.sessionKey)
    return none(problem('E_NO_SESSION', 'this tool was called outside of a session', '', 'call it from an agent’s turn'));
  const createTools = await loadTools();
  if (config.completionsForToolFree && api.runtime.llm?.complete) {
    const others = () => {
      const sessions = route(around, createTools);
      return 'missing' in sessions ? nothing(`${lack(sessions.missing)}: ${HINT}`) : sessions;
    };
    return { around, sessions: new Completions(around, new Later(others)) };
  }
  const sessions = route(around, createTools);
  if (!('missing' in sessions)) return { around, sessions };
  return none(problem('E_HOST_UNSUPPORTED', lack(sessions.missing), '', HINT));
}

const HINT = 'take them out of tools.deny, leave tools.swarm on, or add them to tools.alsoAllow';

function lack(missing: string[]): string {
  return `this session has no ${missing.join(' and no ')}, so it can spawn no sub-sessions`;
}

function route(around: Surroundings, createTools: CreateTools | undefined): Sessions | { missing: string[] } {
  let missing = ['session tools'];
  if (createTools) {
    const gateway = new Gateway(around, createTools);
    missing = gateway.lacks();
    if (missing.length === 0) return gateway;
    // A session that may not spawn is not helped to it by another way.
    if (missing.includes('sessions_spawn')) return { missing };
  }
  return Subagents.areThere(around) ? new Subagents(around) : { missing };
}

/** Sessions that are none: everything that is asked of them is refused. */
export function nothing(message: string): Sessions {
  const refuse = () => Promise.reject(new Refused('unsupported', message));
  return {
    spawn: refuse,
    ends: refuse,
    messages: refuse,
    list: refuse,
    cancel: refuse,
    delete: refuse,
    find: refuse,
    onStart: () => () => {},
  };
}
