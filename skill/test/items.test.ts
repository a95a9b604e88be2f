/** What is kept of the items of a run over many. */

import assert from 'node:assert/strict';
import { appendFileSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { Items, copyTo, itemsIn, placeIn, removeFrom, reportOf } from '../src/items.ts';

const line = (item: number, output: unknown) => ({ item, document: JSON.stringify({ item, status: 'completed', output }) });

test('each item has one line, also after a crash in the middle of one', () => {
  const place = mkdtempSync(join(tmpdir(), 'items-'));
  const file = join(place, 'runs', 'pa-0123456789ab.items');
  const items = new Items(file);
  items.keep(line(2, 'B'));
  items.keep(line(1, { a: 1 }));
  items.keep(line(2, 'B'));
  appendFileSync(file, '{"item":3,"sta');
  const again = new Items(file);
  for (const one of [line(2, 'B'), line(1, { a: 1 }), line(3, 'C')]) again.keep(one);
  const told = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.deepEqual(told.map((text) => JSON.parse(text).item), [2, 1, 3]);

  const copy = copyTo(join(place, 'workspace'), 'pa-0123456789ab', file);
  assert.equal(readFileSync(copy ?? '', 'utf8'), readFileSync(file, 'utf8'));
  assert.equal(copyTo(join(place, 'workspace'), 'pa-ffffffffffff', join(place, 'none')), undefined);
});

test('an answer is found by any task of its item', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'items-')), 'x.items');
  new Items(file).keep(line(17, 'text'));
  for (const task of ['item-17', 'item-17-polish'])
    assert.deepEqual(reportOf(file, task), { results: [{ task_id: task, status: 'completed', output: 'text' }] });
  for (const task of ['item-1', 'item-171', 'reduce-1-1', 'task-17', '']) assert.equal(reportOf(file, task), undefined);
  assert.equal(reportOf(join(tmpdir(), 'no such file'), 'item-17'), undefined);
});

test('lines are written and removed in the workspace alone, whatever links lie there', () => {
  const [workspace, outside] = [mkdtempSync(join(tmpdir(), 'items-')), mkdtempSync(join(tmpdir(), 'items-'))];
  const run = 'pa-0123456789ab';
  const [place, other, file] = [placeIn(workspace, run), join(outside, `${run}.jsonl`), join(outside, 'kept.items')];
  writeFileSync(other, 'not mine');
  new Items(file).keep(line(1, 'A'));
  mkdirSync(join(place, '..'));
  for (const link of [place, `${place}.new`]) symlinkSync(other, link);
  assert.throws(() => itemsIn(workspace, run), /is no file/);
  assert.equal(copyTo(workspace, run, file), place);
  assert.ok(lstatSync(place).isFile());
  assert.deepEqual(readdirSync(join(place, '..')), [`${run}.jsonl`]);
  removeFrom(workspace, run, other);
  assert.equal(readFileSync(place, 'utf8'), readFileSync(file, 'utf8'), 'it is not where the run says');
  removeFrom(workspace, run, place);
  assert.deepEqual(readdirSync(join(place, '..')), []);

  const linked = mkdtempSync(join(tmpdir(), 'items-'));
  symlinkSync(outside, join(linked, 'parallel-agents'));
  for (const write of [() => copyTo(linked, run, file), () => itemsIn(linked, run)]) assert.throws(write, /parallel-agents in the workspace is a link, need a directory/);
  removeFrom(linked, run, placeIn(linked, run));
  assert.equal(readFileSync(other, 'utf8'), 'not mine');
});

test('a link that is put in the place of the lines, or of their folder, while a run writes them is not followed', () => {
  const [workspace, outside] = [mkdtempSync(join(tmpdir(), 'items-')), mkdtempSync(join(tmpdir(), 'items-'))];
  const [other, run] = [join(outside, 'other'), 'pa-0123456789ab'];
  writeFileSync(other, 'not mine');
  const items = itemsIn(workspace, run);
  items.keep(line(1, 'A'));
  rmSync(items.file);
  symlinkSync(other, items.file);
  assert.throws(() => items.keep(line(2, 'B')), { code: 'ELOOP' });
  const folder = dirname(items.file);
  rmSync(folder, { recursive: true });
  symlinkSync(outside, folder);
  assert.throws(() => items.keep(line(2, 'B')), /parallel-agents in the workspace is a link/);
  assert.deepEqual([readFileSync(other, 'utf8'), readdirSync(outside)], ['not mine', ['other']]);
});
