import assert from 'node:assert/strict';
import { test } from 'node:test';

import { forgetOldest } from '../src/bounded.ts';

test('the oldest are forgotten, as many as there are too many', () => {
  const [names, values] = [new Set(['a', 'b', 'c', 'd']), new Map([['a', 1], ['b', 2], ['c', 3]])];
  values.delete('a');
  values.set('a', 4);
  forgetOldest(names, 2);
  forgetOldest(values, 2);
  assert.deepEqual([[...names], [...values.keys()]], [['c', 'd'], ['c', 'a']]);
  forgetOldest(names, 2);
  assert.equal(names.size, 2);
});
