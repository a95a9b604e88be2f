/** One call of a tool: it starts a run or finds one, and waits for it as long as it may. */

import { announce } from './announce.ts';
import type { Config } from './config.ts';
import { clusterOf, handOver } from './hand_over.ts';
import { MAP } from './items.ts';
import type { Notices } from './notices.ts';
import type { CreateTools, PluginApi, ToolContext, ToolResult } from './openclaw.ts';
import { keepCard, showLine } from './progress.ts';
import { type Shape, digestRequest, problem, refused, runReply } from './replies.ts';
import { type Run, type Wanted, runs } from './runs.ts';
import type { Route } from './sessions.ts';
import type { Store } from './store.ts';

export interface Environment {
  api: PluginApi;
  context: ToolContext;
  outside: <T>(work: () => T) => T;
  /** The turn in which a call of the tool was made. */
  runOf: (callId: string) => string | undefined;
  /** OpenClaw's own tools, if it gives them to plugins. */
  loadTools: () => Promise<CreateTools | undefined>;
  /** What tells sessions of the ends of runs; undefined where OpenClaw has no way for it. */
  notices: () => Notices | undefined;
  /** What there is to say of a skill that hides the plugin's own; undefined if none does. */
  shadow?: () => Promise<string | undefined>;
}

/** One call of a tool. */
export interface Invocation extends Environment, Shape {
  config: Config;
  store: Store | undefined;
  /** Its name among the calls of all sessions. */
  callId: string;
  /** The turn's own name. */
  turn: string | undefined;
  signal?: AbortSignal;
  onUpdate?: (update: object) => void;
  /** How long the call may take, in milliseconds. */
  timeoutMs: number;
}

/** Starts a run, new or resumed, and waits for it as long as the call may. `stop`: why it is stopped at once. */
export async function startRun(
  name: string,
  document: string,
  route: Route,
  invocation: Invocation,
  { agreed, resumed, stop }: Pick<Wanted, 'agreed' | 'resumed'> & { stop?: string } = {},
): Promise<ToolResult> {
  const { config, store, api, context } = invocation;
  const cluster = resumed ? undefined : clusterOf({ name, document }, config);
  if (cluster && !store) {
    const why = 'nothing of runs is kept here, so a run in the cluster would not be found again';
    return refused([problem('E_NOT_KEPT', why, '', 'OpenClaw gives plugins no state directory')]);
  }
  if (name === MAP && !store && !context.workspaceDir) {
    const why = 'nothing of runs is kept here and the session has no workspace, so the answers of items would be lost';
    return refused([problem('E_NOT_KEPT', why, '', 'the operator sets retentionDays above 0')]);
  }
  const run = runs.start({
    function: name,
    arguments: document,
    owner: context.sessionKey ?? '',
    around: route.around,
    sessions: route.sessions,
    config,
    store,
    digest: digestRequest(invocation),
    handedOver: cluster && handOver({ name, document }, config, cluster, context.workspaceDir),
    warn: (message) => api.logger.warn(message),
    ended: (run) => {
      const notices = invocation.notices();
      if (notices && config.notify !== 'off') announce(run, config, notices);
    },
    agreed,
    resumed,
  });
  if (typeof run === 'string') return refused([problem('E_TOO_MANY_RUNS', run, '', 'wait for one, or cancel one')]);
  keepCard(run, invocation);
  if (stop !== undefined) run.stop(stop);
  return waitForRun(run, invocation);
}

/** At the end of a call's time, spawn calls that are under way may use the turn's authority so long, if it is long enough. */
const GRACE_MS = 5_000;

/**
 * Waits for the end of a run, as long as the call may and not longer. A stopped turn stops the run that it waits for.
 *
 * For the last seconds the run uses nothing of the turn any more, so that spawn calls that do use it have come to their end
 * when the call returns.
 */
export async function waitForRun(run: Run, invocation: Invocation): Promise<ToolResult> {
  const { signal, onUpdate, timeoutMs } = invocation;
  const stop = () => run.stop('the turn was stopped');
  const stopShowing = showLine(run, onUpdate);
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  const grace = Math.min(GRACE_MS, timeoutMs / 2);
  await run.waited(async () => {
    await endOr(run, timeoutMs - grace);
    run.leave();
    if (run.live) await endOr(run, grace);
  });
  signal?.removeEventListener('abort', stop);
  stopShowing();
  run.read();
  return runReply(run, invocation);
}

/** Waits until the run has ended or the time is over. */
async function endOr(run: Run, millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, millis)));
  await Promise.race([run.done, late]);
  clearTimeout(timer);
}
