import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { appendLines, wholeLines } from '../src/lines.ts';
import { directory } from './use.ts';

test('half a line at the end is cut off before more is added', () => {
  const file = join(directory(), 'lines');
  writeFileSync(file, 'one\ntw');
  assert.equal(wholeLines(file), 'one\n');
  appendLines(file, 'two\n', true);
  assert.equal(readFileSync(file, 'utf8'), 'one\ntwo\n');
});

test('a line for which there is no room leaves no part of itself', { skip: !existsSync('/bin/sh') }, () => {
  const file = join(directory(), 'lines');
  const line = `${'x'.repeat(99)}\n`;
  // The shell limits what may be written into a file, and the system then takes a part of a line, as a full disk does.
  const add = `const { appendLines } = await import(${JSON.stringify(new URL('../src/lines.ts', import.meta.url).href)});
    const codes = [];
    for (let turn = 0; turn < 30; turn += 1)
      try { appendLines(${JSON.stringify(file)}, ${JSON.stringify(line)}); } catch ({ code }) { codes.push(code); }
    process.stdout.write(JSON.stringify([...new Set(codes)]));`;
  const limited = spawnSync('/bin/sh', ['-c', 'ulimit -f 1 && exec "$0" "$@"', process.execPath, '--input-type=module', '-e', add]);
  assert.equal(limited.stdout.toString(), '["EFBIG"]', limited.stderr.toString());
  appendLines(file, line);
  const lines = readFileSync(file, 'utf8').split('\n');
  assert.equal(lines.pop(), '');
  assert.ok(lines.length > 5 && lines.length < 30, `${lines.length} lines`);
  assert.deepEqual([...new Set(lines.map(({ length }) => length))], [99]);
});
