/** Whether and for how long runs are kept, as the operator wants it. */

import { type Config, readConfig } from './config.ts';
import type { PluginApi } from './openclaw.ts';
import { runs } from './runs.ts';
import { Store } from './store.ts';
import { errorText } from './values.ts';

/** Old runs are looked for so often. */
const PRUNE_MS = 3_600_000;

/** When that was last done, by what is looked through. */
const pruned = new Map<string, number>();

/** Whether it is time to look through this again; then that counts as done. */
export function isPruneDue(name: string, now: number): boolean {
  if (now - (pruned.get(name) ?? 0) <= PRUNE_MS) return false;
  pruned.set(name, now);
  return true;
}

/** Where runs are kept; undefined if nothing is to be, or OpenClaw has no place for it. What is too old is removed. */
export function storeOf(api: PluginApi, { retentionDays }: Config, now = Date.now()): Store | undefined {
  const directory = api.runtime.state?.resolveStateDir?.(process.env);
  if (!directory) return undefined;
  const store = new Store(directory);
  if (isPruneDue(`${retentionDays} ${directory}`, now)) {
    try {
      store.prune(retentionDays, now, (id) => runs.isLive(id));
    } catch (error) {
      api.logger.warn(`old runs could not be removed: ${errorText(error)}`);
    }
  }
  return retentionDays > 0 ? store : undefined;
}

/** The same for who only reads, and so removes nothing. */
export function readableStore(api: PluginApi): Store | undefined {
  const directory = api.runtime.state?.resolveStateDir?.(process.env);
  return directory ? new Store(directory) : undefined;
}

/** Removes what is too old when the gateway starts, whether or not anybody calls a tool. Throws nothing. */
export function tidy(api: PluginApi): void {
  const { config, problems } = readConfig(api.pluginConfig);
  // With a configuration that is wrong nobody knows what the operator wants to keep.
  if (problems.length > 0) return;
  try {
    storeOf(api, config);
  } catch (error) {
    api.logger.warn(`old runs could not be removed: ${errorText(error)}`);
  }
}
