// `run --serve`: the page of a run of 200 tasks while it lasts, in a real browser.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { place, visit } from './browser.mjs';
import { watched } from './live.mjs';

const TOTAL = 200;

/** A program's first line that fits; everything after it goes nowhere. */
async function line(stream, pattern) {
  for await (const said of createInterface({ input: stream })) {
    const found = pattern.exec(said)?.[1];
    if (found) return stream.resume(), found;
  }
  throw new Error(`no line like ${pattern}`);
}

test('a run of 200 tasks is watched to its end, and its rows stay the same', async () => {
  const request = join(place, 'served.json');
  const tasks = Array.from({ length: TOTAL }, (_, index) => ({
    agent_type: 'code_reviewer',
    task_id: `task-${index}`,
    task_description: 'Say <b>something</b>.',
    output_format: 'text',
  }));
  writeFileSync(request, JSON.stringify({ tasks, max_concurrent: 40 }));
  const script = join(place, 'served.toml');
  writeFileSync(script, 'version = 1\n[[answers]]\nlatency = { constant_ms = 1 }\n');
  const models = spawn(process.env.SIMULATOR, ['serve-model', '--script', script]);
  const base = await line(models.stdout, /"base_url":"(http:[^"]+)"/);
  const post = (path) => fetch(new URL(path, base), { method: 'POST' });
  // Nothing ends before somebody has looked.
  await post('/hold');
  const options = ['--backend', 'openai', '--base-url', base, '--model', 'sim/standard', '--no-journal', '--progress', 'off', '--serve'];
  const program = spawn(process.env.SIMULATOR, ['run', request, ...options]);
  let out = '';
  program.stdout.on('data', (data) => (out += data));
  const ended = new Promise((resolve) => program.on('exit', resolve));
  const url = await line(program.stderr, /^page: (http:\S+)/);
  const { page, wrong, close } = await visit(url, (asked) => asked.startsWith(url) || asked === 'data:,');
  const hasEnded = await watched(page, TOTAL, 'served');
  await post('/release');
  await hasEnded();
  assert.ok(await page.locator('#about').isHidden(), 'there is nobody to send a command to');
  assert.deepEqual(wrong, []);
  program.kill('SIGINT');
  assert.equal(await ended, 0);
  assert.match(out, /200/);
  models.kill();
  await close();
});
