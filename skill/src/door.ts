/**
 * The sessions of programs outside of the gateway, each once by its key. What was asked is written down before it is done, and
 * what came of it afterwards; between the two nobody knows, and then the gateway's own list of sessions is searched for the label.
 *
 * Nothing here decides when something is done, or again: the program does.
 */

import { randomUUID } from 'node:crypto';

import { type Config, forbiddenAtDoor } from './config.ts';
import type { HistoryPage, Receipt, SessionRow, SpawnOptions } from './contract.ts';
import { DoorEnds, type ToldEnd } from './door_ends.ts';
import { DoorError, type Entry } from './door_registry.ts';
import { printOf } from './door_request.ts';
import type { DoorSetting } from './door_setting.ts';
import { historyPage } from './history.ts';
import { Refused, hostError } from './openclaw_mapping.ts';
import { redact } from './redact.ts';
import { ANSWER_TIMEOUT_MS, SHORT_TIMEOUT_MS, withTimeout } from './timeouts.ts';
import { errorText } from './values.ts';

/** Rows of the gateway's list that are looked at. */
const MOST_ROWS = 1_000;

/** Sessions at once where the operator names no number. */
const DEFAULT_LIVE = 50;

/** A session as the gateway lists it, with the name that its program gave it. */
export interface Row extends SessionRow {
  key: string;
}

/** What a wait has brought. */
interface Waited {
  ended: ToldEnd[];
  /** Keys of sessions that run and were not known to. */
  started: string[];
  /** Keys of which nothing is known, or whose sessions are deleted. */
  unknown: string[];
}

/** Sessions of all programs together that may be alive. */
export function mostLive({ door, maxConcurrent }: Config): number {
  return Math.min(door?.maxLive ?? DEFAULT_LIVE, maxConcurrent);
}

export class Door {
  readonly #setting: DoorSetting;
  readonly #ends: DoorEnds;

  constructor(setting: DoorSetting) {
    this.#setting = setting;
    this.#ends = new DoorEnds(setting);
  }

  /** A key that is asked for twice, also at once, is one session. */
  async spawn(asked: SpawnOptions): Promise<Receipt> {
    const { registry } = this.#setting;
    const [key, print] = [asked.idempotencyKey, printOf(asked)];
    const entry = registry.get(key);
    let flight = registry.shared.flights.get(key);
    const known = flight?.print ?? entry?.asked?.print;
    if (known !== undefined && known !== print)
      throw new DoorError('E_DOOR_KEY_TAKEN', 'invalid', `the key ${key} is that of another request`, 'take a new key for each session');
    if (entry?.cancelled) throw cancelled(key);
    if (entry?.receipt) return entry.receipt;
    if (!flight) {
      const { flights } = registry.shared;
      flight = { print, receipt: this.#begin(asked, print).finally(() => flights.delete(key)) };
      flights.set(key, flight);
    }
    return withTimeout(ANSWER_TIMEOUT_MS, flight.receipt);
  }

  /** What has ended among these; waits for the first end, or for one to begin that is not in `started`. */
  async wait(keys: string[], started: Set<string>, timeoutMs: number, signal?: AbortSignal): Promise<Waited> {
    const { registry } = this.#setting;
    const waited: [string, Receipt][] = [];
    const unknown: string[] = [];
    for (const key of new Set(keys)) {
      // What is being spawned has no end yet.
      if (registry.shared.flights.has(key)) continue;
      const entry = registry.get(key);
      const receipt = entry?.asked && !entry.deleted ? await this.#receiptOf(key, entry) : undefined;
      if (receipt) waited.push([key, receipt]);
      else unknown.push(key);
    }
    // Who asks for what is not there hears of that at once.
    return { ...(await this.#ends.wait(waited, started, unknown.length > 0 ? 0 : timeoutMs, signal)), unknown };
  }

  async read(key: string, query: { offset: number; limit: number; includeTools: boolean }): Promise<HistoryPage> {
    const { sessionKey } = await this.#known(key);
    const page = historyPage(await this.#setting.gateway.messages(sessionKey), { sessionKey, ...query });
    const messages = page.messages.map((message) => ({ ...message, ...redact(message.text) }));
    return { ...page, redacted: messages.some(({ changed }) => changed), messages };
  }

  async list(search: string | undefined, offset: number, limit: number): Promise<{ rows: Row[]; hasMore: boolean }> {
    const { registry } = this.#setting;
    const bySession = new Map([...registry.shared.entries].map(([key, { receipt }]) => [receipt?.sessionKey, key]));
    const byLabel = new Map([...registry.shared.entries].map(([key, { asked, receipt }]) => [receipt ? undefined : asked?.label, key]));
    const keyOf = (row: SessionRow) => bySession.get(row.sessionKey) ?? (row.label === undefined ? undefined : byLabel.get(row.label));
    const seen = await this.#rows(search);
    // What was cancelled before anybody saw it is stopped now.
    for (const key of seen.map(keyOf)) if (key !== undefined && registry.isUnseen(key)) await this.#receiptOf(key, registry.get(key)!);
    const rows = seen.flatMap((row) => {
      const key = keyOf(row);
      return key === undefined ? [] : [{ ...row, state: this.#stateOf(key, row), key }];
    });
    return { rows: rows.slice(offset, offset + limit), hasMore: rows.length > offset + limit };
  }

  /** From now on nothing is spawned under this key; what there is of it is stopped. The session, if one is known. */
  async cancel(key: string): Promise<string | undefined> {
    const { registry, gateway } = this.#setting;
    if (!registry.get(key)?.cancelled) registry.note(key, { what: 'cancelled' });
    // A spawn that is under way finds the note and stops what it has spawned.
    await withTimeout(ANSWER_TIMEOUT_MS, Promise.allSettled([registry.shared.flights.get(key)?.receipt]));
    const entry = registry.get(key);
    const receipt = entry?.asked && (await this.#receiptOf(key, entry));
    if (receipt && !entry.ended) {
      await gateway.cancel(receipt.runId);
      this.#kept(key, registry.keep(key, { what: 'ended', outcome: 'cancelled' }));
    }
    return receipt?.sessionKey;
  }

  async delete(key: string): Promise<string | undefined> {
    const { registry, gateway } = this.#setting;
    const entry = registry.get(key);
    const receipt = entry?.asked && !entry.deleted ? await this.#receiptOf(key, entry) : undefined;
    if (!receipt) return undefined;
    await gateway.delete(receipt.sessionKey);
    this.#kept(key, registry.keep(key, { what: 'deleted' }));
    return receipt.sessionKey;
  }

  async #begin(asked: SpawnOptions, print: string): Promise<Receipt> {
    const { registry, config } = this.#setting;
    const [key, label] = [asked.idempotencyKey, asked.label];
    const why = forbiddenAtDoor(config, asked);
    if (why) throw new DoorError('E_DOOR_FORBIDDEN', 'forbidden', why);
    const entry = registry.get(key);
    if (entry?.asked) {
      const found = await this.#receiptOf(key, entry);
      if (found) return found;
      // In this process the call may still do something, whatever it has said. A process that is gone does nothing any more.
      if (!entry.earlier) throw new DoorError('E_DOOR_IN_DOUBT', 'in-doubt', `nobody knows whether ${key} has a session: none has its label yet`);
    } else if (registry.live.length >= mostLive(config)) await this.#lookAround();
    // Nothing is waited for from here to the spawn: what is checked and written down still holds when it is asked for.
    if (registry.get(key)?.cancelled) throw cancelled(key);
    const live = registry.live.filter(([other]) => other !== key);
    if (live.length >= mostLive(config))
      throw new DoorError('E_DOOR_FULL', 'at-capacity', `${live.length} sessions of the door are alive, and ${mostLive(config)} may be`);
    if ([...registry.shared.entries].some(([other, { asked }]) => other !== key && asked?.label === label))
      throw new DoorError('E_DOOR_LABEL_TAKEN', 'invalid', `the label ${label} is that of another key`, 'a label finds the session after a crash, so take a new one for each');
    const group = registry.group(this.#setting.group) ?? `parallel-agents-door-${randomUUID()}`;
    registry.note(key, { what: 'asked', print, label, group });
    return this.#launch(asked, group);
  }

  async #launch(asked: SpawnOptions, group: string): Promise<Receipt> {
    const { registry, gateway } = this.#setting;
    const key = asked.idempotencyKey;
    try {
      const receipt = await gateway.spawn(asked, group);
      this.#accept(key, receipt);
      if (!registry.get(key)?.cancelled) return receipt;
    } catch (error) {
      const { tag } = hostError(error);
      if (tag === 'in-doubt') throw error;
      this.#kept(key, registry.keep(key, { what: 'refused' }));
      if (tag !== 'exhausted') throw error;
      registry.shared.fullGroups.add(group);
      throw new Refused('busy', `the gateway takes no more sessions into this group, and the next one opens another: ${errorText(error)}`);
    }
    await this.#stopLate(key);
    throw cancelled(key);
  }

  /** It was cancelled while it was spawned, and must not go on alone. */
  async #stopLate(key: string): Promise<void> {
    const { registry, gateway } = this.#setting;
    const receipt = registry.get(key)?.receipt;
    if (!receipt) return;
    try {
      await withTimeout(SHORT_TIMEOUT_MS, gateway.cancel(receipt.runId));
      this.#kept(key, registry.keep(key, { what: 'ended', outcome: 'cancelled' }));
    } catch (error) {
      this.#setting.warn(`the door could not stop ${receipt.sessionKey}, which was cancelled before it was there: ${errorText(error)}`);
    }
  }

  #accept(key: string, receipt: Receipt): void {
    this.#kept(key, this.#setting.registry.keep(key, { what: 'receipt', receipt }));
  }

  #kept(key: string, why: string | undefined): void {
    // Its label still finds it.
    if (why) this.#setting.warn(`what became of the key ${key} could not be kept: ${why}`);
  }

  async #known(key: string): Promise<Receipt> {
    const entry = this.#setting.registry.get(key);
    const receipt = entry?.asked && !entry.deleted ? await this.#receiptOf(key, entry) : undefined;
    if (!receipt) throw new DoorError('E_DOOR_UNKNOWN', 'not-found', `the door knows no session with the key ${key}`);
    return receipt;
  }

  /** The receipt of a key that was asked for: the one that was kept, else that of the session with its label. */
  async #receiptOf(key: string, { receipt, asked }: Entry): Promise<Receipt | undefined> {
    if (receipt || !asked) return receipt;
    const row = (await this.#rows(asked.label)).find((row) => row.label === asked.label);
    if (!row) return undefined;
    const found = await this.#setting.gateway.find(row.sessionKey);
    this.#accept(key, found);
    const entry = this.#setting.registry.get(key);
    // Whoever cancelled it was told so before it was seen.
    if (entry?.cancelled && !entry.ended) await this.#stopLate(key);
    return found;
  }

  #rows(search: string | undefined): Promise<SessionRow[]> {
    const { gateway, session } = this.#setting;
    return gateway.list({ search, spawnedBy: session, offset: 0, limit: MOST_ROWS }).then(({ sessions }) => sessions);
  }

  /** The gateway lists as failed what a restart has cut off, and only waiting for the end tells one from the other. */
  #stateOf(key: string, { state }: SessionRow): SessionRow['state'] {
    const entry = this.#setting.registry.get(key);
    return state === 'failed' && entry?.earlier && !entry.ended ? 'unknown' : state;
  }

  /** Before somebody is told that there is no room: what has ended without anybody looking. */
  async #lookAround(): Promise<void> {
    const { registry } = this.#setting;
    for (const [key, entry] of registry.live) {
      const isLost = () => !entry.receipt && entry.earlier && !registry.shared.flights.has(key);
      if (!isLost() || (await this.#receiptOf(key, entry))) continue;
      // Somebody may have asked for it again meanwhile.
      if (isLost()) this.#kept(key, registry.keep(key, { what: 'refused' }));
    }
    await this.#ends.look(registry.live.flatMap(([key, { receipt }]) => (receipt ? [[key, receipt] as [string, Receipt]] : [])));
  }
}

function cancelled(key: string): DoorError {
  return new DoorError('E_DOOR_CANCELLED', 'forbidden', `the key ${key} was cancelled, and nothing is spawned under it any more`);
}
