import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { readConfig } from '../src/config.ts';
import { storeOf, tidy } from '../src/retention.ts';
import { Store } from '../src/store.ts';
import { FakeOpenClaw } from './openclaw.ts';

const [OLD, NEW, LIVE] = ['pa-00000000000a', 'pa-00000000000b', 'pa-00000000000c'];
const DAY_MS = 86_400_000;
const NOW = 1_800_000_000_000;

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'parallel-agents-test-'));
});
afterEach(() => rmSync(state, { recursive: true }));

/** A place with files of runs, each so many days old, and what is left after `work`. */
function left(files: [string, number][], work: (store: Store) => void): string[] {
  const store = new Store(state);
  const runs = join(store.place(OLD!), '..');
  for (const [file, days] of files) {
    writeFileSync(join(runs, file), '{}');
    utimesSync(join(runs, file), new Date(NOW), new Date(NOW - days * DAY_MS));
  }
  work(store);
  return readdirSync(runs).sort();
}

test('what nobody has written to for long is removed, and nothing else', () => {
  const files: [string, number][] = [
    [`${OLD}.json`, 15],
    [`${OLD}.journal`, 15],
    [`${OLD}.result.new`, 15],
    // One file is newer, so the run is.
    [`${NEW}.json`, 15],
    [`${NEW}.html`, 13],
    [`${LIVE}.json`, 15],
    ['somebody-else.json', 99],
  ];
  const kept = [`${NEW}.html`, `${NEW}.json`, `${LIVE}.json`, 'somebody-else.json'];
  assert.deepEqual(left(files, (store) => store.prune(14, NOW, (id) => id === LIVE)), kept);
});

test('what a crash has left half written is removed with the rest', () => {
  assert.deepEqual(left([[`${OLD}.json.new`, 15]], (store) => store.prune(14, NOW, () => false)), []);
  assert.deepEqual(left([[`${OLD}.json.new`, 0]], (store) => store.forget(OLD!)), []);
});

/** A gateway with its state here. */
function api(retentionDays: unknown) {
  const openclaw = new FakeOpenClaw();
  const api = openclaw.api({ retentionDays });
  return { ...api, runtime: { ...api.runtime, state: { resolveStateDir: () => state } } };
}

test('of a gateway that is to keep nothing, nothing is left of what it kept before', () => {
  const files: [string, number][] = [[`${NEW}.json`, 0], [`${NEW}.result`, 1]];
  const config = readConfig({ retentionDays: 0 }).config;
  assert.deepEqual(left(files, () => assert.equal(storeOf(api(0), config, NOW), undefined)), []);
});

test('the start of the gateway removes what is too old', () => {
  const days = (Date.now() - NOW) / DAY_MS;
  const files: [string, number][] = [[`${OLD}.json`, 8 - days], [`${NEW}.json`, 6 - days]];
  assert.deepEqual(left(files, () => tidy(api(7))), [`${NEW}.json`]);
});

test('a configuration that is wrong removes nothing', () => {
  assert.deepEqual(left([[`${OLD}.json`, 9_999]], () => tidy(api('seven'))), [`${OLD}.json`]);
});
