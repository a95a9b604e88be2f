import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { append, whole } from '../src/journal.ts';
import { directory } from './use.ts';

/** What a write that fails tells the component. */
function payload(file: string): unknown {
  try {
    append(file, 'a line\n');
  } catch (error) {
    return (error as { payload?: { tag: string } }).payload?.tag;
  }
  return undefined;
}

test('a journal that cannot be written says why, in the words of the contract', { skip: !existsSync('/dev/full') }, () => {
  assert.equal(payload('/dev/full'), 'full');
  assert.equal(payload(join(directory(), 'no such directory', 'journal')), 'failed');
});

test('half a line at the end is cut off before more is added', () => {
  const file = join(directory(), 'journal');
  writeFileSync(file, 'one\ntw');
  assert.equal(whole(file), 'one\n');
  append(file, 'two\n');
  assert.equal(readFileSync(file, 'utf8'), 'one\ntwo\n');
});
