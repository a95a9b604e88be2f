/** How the door hears that its sessions have begun or ended. The gateway is asked each time: it knows ends for good. */

import type { Receipt, SessionEnd } from './contract.ts';
import type { DoorSetting } from './door_setting.ts';
import { redact } from './redact.ts';
import { MAX_PAGE_BYTES } from './text.ts';
import { SHORT_TIMEOUT_MS, pause, withTimeout } from './timeouts.ts';
import { sessionEnd } from './transcript.ts';
import { type Fields, text } from './values.ts';

/** Ends that are told at once; the others come with the next call. */
const MOST_ENDS = 32;

/** Rows of the gateway's list that are looked at. */
const MOST_ROWS = 1_000;

/** The end of a session, and the name that its program gave it. */
export interface ToldEnd extends SessionEnd {
  key: string;
}

type Known = [key: string, receipt: Receipt];

export class DoorEnds {
  readonly #setting: DoorSetting;

  constructor(setting: DoorSetting) {
    this.#setting = setting;
  }

  async wait(waited: Known[], started: Set<string>, timeoutMs: number, signal?: AbortSignal): Promise<{ ended: ToldEnd[]; started: string[] }> {
    const isOver = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
    let said = await this.#byNow(waited, signal);
    const { wakes } = this.#setting.registry.shared;
    for (;;) {
      const wake = new AbortController();
      const look = () => wake.abort();
      // Before it is looked, so that nothing begins unseen in between.
      wakes.add(look);
      try {
        const begun = this.#running(waited).filter((key) => !started.has(key));
        if (said.length > 0 || begun.length > 0 || isOver.aborted) return { ended: await this.#tell(said, waited), started: begun };
        said = await this.#next(waited, AbortSignal.any([isOver, wake.signal]));
      } finally {
        wakes.delete(look);
      }
    }
  }

  /** Notes which of these have ended, for the count of those that live. */
  async look(live: Known[]): Promise<void> {
    const said = await this.#byNow(live);
    for (const one of said) {
      const [key] = knownBy(one, live) ?? [];
      if (key !== undefined) this.#note(key, text(one['status']) ?? '');
    }
  }

  /** What the gateway says of those that have ended. */
  async #byNow(waited: Known[], signal: AbortSignal = new AbortController().signal): Promise<Fields[]> {
    const { gateway, registry, session } = this.#setting;
    if (waited.length === 0) return [];
    const said = await gateway.endedBy(waited.map(([, { runId }]) => runId), signal);
    const silent = waited.filter(([, { runId }]) => !said.some((one) => one['runId'] === runId));
    // The gateway tells of a session that it has stopped some seconds later.
    const isStopped = ([key]: Known) => Boolean(registry.get(key)?.cancelled && registry.get(key)?.ended);
    for (const [, { runId }] of silent.filter(isStopped)) said.push({ runId, status: 'killed' });
    const open = silent.filter((one) => !isStopped(one));
    const cutOff = open.filter(([key]) => registry.get(key)?.earlier);
    if (cutOff.length === 0) return said;
    // After a restart the gateway may list as failed what it tells no end of.
    const { sessions } = await gateway.list({ search: undefined, spawnedBy: session, offset: 0, limit: MOST_ROWS });
    const failed = new Set(sessions.filter(({ state }) => state === 'failed').map(({ sessionKey }) => sessionKey));
    const ends = cutOff.filter(([, { sessionKey }]) => failed.has(sessionKey));
    return [...said, ...ends.map(([, { runId }]) => ({ runId, status: 'failed' }))];
  }

  async #next(waited: Known[], signal: AbortSignal): Promise<Fields[]> {
    if (waited.length === 0) {
      await new Promise((resolve) => (signal.aborted ? resolve(undefined) : signal.addEventListener('abort', resolve, { once: true })));
      return [];
    }
    try {
      const runIds = waited.map(([, { runId }]) => runId);
      const said = await this.#setting.gateway.ends(runIds, signal);
      // A gateway that answers at once and with nothing would leave its own thread no time.
      if (said.length === 0 && !signal.aborted) await pause();
      return said;
    } catch (error) {
      if (signal.aborted) return [];
      throw error;
    }
  }

  #running(waited: Known[]): string[] {
    const { registry } = this.#setting;
    const runs = ([key, { sessionKey }]: Known) => registry.get(key)?.earlier || registry.shared.running.has(sessionKey);
    return waited.filter(runs).map(([key]) => key);
  }

  /** As many as fit into one answer. */
  async #tell(said: Fields[], waited: Known[]): Promise<ToldEnd[]> {
    const ends = await Promise.all(said.slice(0, MOST_ENDS).map((one) => this.#told(one, knownBy(one, waited))));
    const told: ToldEnd[] = [];
    let bytes = 0;
    for (const end of ends.flat()) {
      bytes += Buffer.byteLength(end.completion?.text ?? '');
      if (told.length > 0 && bytes > MAX_PAGE_BYTES) break;
      told.push(end);
    }
    return told;
  }

  async #told(said: Fields, known: Known | undefined): Promise<ToldEnd[]> {
    if (!known) return [];
    const { gateway, registry } = this.#setting;
    const [key, { sessionKey }] = known;
    const messages = await withTimeout(SHORT_TIMEOUT_MS, gateway.messages(sessionKey)).catch(() => []);
    // Of a session that was stopped the gateway gives a word of its own as the result.
    const end = sessionEnd(sessionKey, said['status'] === 'killed' ? { ...said, result: undefined } : said, messages);
    // No session outlives the gateway's process, whatever the next one says of it.
    if (registry.get(key)?.earlier && end.outcome.tag === 'failed' && end.outcome.val.kind === 'other') end.outcome = { tag: 'interrupted' };
    if (end.completion) end.completion = { ...end.completion, text: redact(end.completion.text).text };
    this.#note(key, end.outcome.tag);
    return [{ key, ...end }];
  }

  #note(key: string, outcome: string): void {
    const { registry, warn } = this.#setting;
    const entry = registry.get(key);
    if (!entry || entry.ended) return;
    const why = registry.keep(key, { what: 'ended', outcome });
    if (why) warn(`the end of ${key} could not be kept: ${why}`);
    if (entry.receipt) registry.shared.running.delete(entry.receipt.sessionKey);
  }
}

function knownBy(said: Fields, known: Known[]): Known | undefined {
  return known.find(([, { runId }]) => runId === said['runId']);
}
