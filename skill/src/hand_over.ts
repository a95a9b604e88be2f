/** Which runs a cluster carries out, what it is asked for, and going on with such a run after a restart. */

import { announce } from './announce.ts';
import type { SpawningCall } from './approval.ts';
import { ClusterRun } from './cluster_run.ts';
import { type ClusterConfig, type Config, readConfig, unasked } from './config.ts';
import { MAP } from './items.ts';
import type { Notices } from './notices.ts';
import type { PluginApi, ToolContext } from './openclaw.ts';
import { storeOf } from './retention.ts';
import { nothing } from './routes.ts';
import { type Run, type Wanted, runs } from './runs.ts';
import type { HandedOver, RunRecord, Store } from './store.ts';
import { errorText, fields, list } from './values.ts';

/** The cluster that carries a call out; undefined if this gateway does. */
export function clusterOf(call: SpawningCall, { cluster, maxTasks }: Config): ClusterConfig | undefined {
  return cluster && width(call) > (cluster.aboveTasks ?? maxTasks) ? cluster : undefined;
}

/** The same configuration with what holds for this call: a cluster takes more tasks than this gateway. */
export function configFor(call: SpawningCall, config: Config): Config {
  const cluster = clusterOf(call, config);
  return cluster ? { ...config, maxTasks: cluster.maxTasks ?? MOST_TASKS } : config;
}

/** Tasks of one request for a cluster where the operator names no number; all that any request may have. */
const MOST_TASKS = 10_000;

/** How many tasks a call lists. Of functions whose tasks come about as they go on nobody knows that, and they stay here. */
function width({ name, document }: SpawningCall): number {
  if (name !== 'run_tasks' && name !== MAP) return 0;
  const { tasks, items, steps } = fields(JSON.parse(document));
  return name === MAP ? list(items).length * list(steps).length : list(tasks).length;
}

/** What has a run carried out by a cluster, from its start on. */
export function handOver(call: SpawningCall, config: Config, cluster: ClusterConfig, workspace: string | undefined): Wanted['handedOver'] {
  const kept: HandedOver = { url: cluster.url, ...(workspace === undefined ? {} : { workspace }) };
  const request = ({ run_id, approved }: RunRecord) => requestOf(run_id, call, configFor(call, approved ? config : unasked(config)));
  return {
    kept,
    carrier: (parts) => {
      parts.store?.ask(parts.record.run_id, request(parts.record));
      return new ClusterRun(cluster, kept, parts, false);
    },
  };
}

/** What the cluster is asked for; its operator's limits hold beside these. */
function requestOf(key: string, { name, document }: SpawningCall, config: Config): string {
  const { budget = {}, prices = {}, allowedModels: allowed_models, allowedAgents: allowed_agents } = config;
  const limits = { ...budget, prices, tasks: config.maxTasks };
  const head = JSON.stringify({ key, function: name, limits, allowed_models, allowed_agents });
  // The document as it is: it may have megabytes.
  return `${head.slice(0, -1)},"request":${document}}`;
}

/** What a run is followed with that no call has asked for. */
interface Follower {
  api: PluginApi;
  outside: <T>(work: () => T) => T;
  notices: Notices | undefined;
  config: Config;
  store: Store;
}

/** Goes on following a run that a cluster carries out; undefined if this gateway has no cluster any more. */
export function follow(record: RunRecord, { api, outside, notices, config, store }: Follower): Run | undefined {
  const { cluster } = config;
  const kept = record.cluster && { ...record.cluster };
  if (!cluster || !kept) return undefined;
  const context = { sessionKey: record.owner, workspaceDir: kept.workspace } as ToolContext;
  const run = runs.start({
    function: record.function,
    arguments: '{}',
    owner: record.owner,
    around: { runtime: api.runtime, context, outside, turn: { runId: undefined, over: true } },
    sessions: nothing('a cluster has the sessions of this run'),
    config,
    store,
    digest: '{}',
    handedOver: { kept, carrier: (parts) => new ClusterRun(cluster, kept, parts, true) },
    warn: (message) => api.logger.warn(message),
    ended: (run) => {
      if (notices && config.notify !== 'off') announce(run, config, notices);
    },
    resumed: { record },
  });
  return typeof run === 'string' ? undefined : run;
}

/** Goes on following all runs that were under way in a cluster when the gateway stopped. Throws nothing. */
export function followKept(api: PluginApi, outside: Follower['outside'], notices: Notices | undefined): void {
  const { config, problems } = readConfig(api.pluginConfig);
  if (problems.length > 0 || !config.cluster) return;
  try {
    const store = storeOf(api, config);
    const isLeft = ({ run_id, cluster, state }: RunRecord) => cluster && state === 'running' && !runs.isLive(run_id);
    for (const record of store?.list().filter(isLeft) ?? []) follow(record, { api, outside, notices, config, store: store! });
  } catch (error) {
    api.logger.warn(`runs in the cluster are not followed: ${errorText(error)}`);
  }
}
