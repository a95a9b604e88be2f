/** A gateway whose sessions can be told something. */

import { Notices } from '../src/notices.ts';
import type { PluginApi } from '../src/openclaw.ts';
import type { FakeOpenClaw } from './openclaw.ts';

/** A gateway that notes what sessions are told, and the plugin's part that tells them. */
export function telling(openclaw: FakeOpenClaw, config: Record<string, unknown> = {}, state = '') {
  const told: any[] = [];
  const woken: any[] = [];
  const warned: string[] = [];
  let answer: () => unknown = () => ({ enqueued: true, id: 'taken' });
  const api: PluginApi = {
    ...openclaw.api(config),
    logger: { warn: (message) => void warned.push(message) },
    session: { workflow: { enqueueNextTurnInjection: async (given) => (told.push(given), answer()) } },
    runtime: { ...openclaw.runtime, state: { resolveStateDir: () => state }, system: { requestHeartbeat: (wake) => void woken.push(wake) } },
  };
  const notices = new Notices(api, (work) => work());
  return { api, notices, told, woken, warned, answers: (next: () => unknown) => (answer = next) };
}
