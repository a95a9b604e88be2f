/** What a page is told of records that change while it looks. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Changes } from '../src/changes.ts';

test('each change is told once, in parts that are no longer than was asked', () => {
  const changes = new Changes<string>();
  assert.deepEqual(changes.since(0, 9), { records: [], upTo: 0 });
  for (const [name, value] of [['a', 'A'], ['b', 'B'], ['a', 'AA'], ['c', 'C']] as const) changes.set(name, value);
  assert.deepEqual(changes.all, ['AA', 'B', 'C'], 'in the order in which they were first heard of');
  assert.deepEqual(changes.since(0, 9), { records: [[1, 'B'], [0, 'AA'], [2, 'C']], upTo: 4 });
  const first = changes.since(0, 2);
  assert.deepEqual(first, { records: [[1, 'B'], [0, 'AA']], upTo: 3 });
  // What is told already changes while the rest is asked for.
  changes.set('b', 'BB');
  assert.deepEqual(changes.since(first.upTo, 2), { records: [[2, 'C'], [1, 'BB']], upTo: 5 });
  assert.deepEqual(changes.since(5, 2), { records: [], upTo: 5 });
  assert.deepEqual([changes.count, changes.get('b'), changes.has('d')], [5, 'BB', false]);
});
