// Pages as the simulator writes them.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { place } from './browser.mjs';

const { SIMULATOR } = process.env;

/** The options by which a script of this directory plays the agents. */
export function script(name) {
  return ['--script', fileURLToPath(new URL(name, import.meta.url))];
}

/** Calls a function, and has its page written to a file. */
export function call(name, asked, file, options = []) {
  const request = join(place, 'request.json');
  writeFileSync(request, JSON.stringify(asked));
  const ran = spawnSync(SIMULATOR, ['call', name, request, ...options, '--seed', '7', '--report', file, '--json'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { ...ran, reply: JSON.parse(ran.stdout) };
}

/** The page of a file with another document. */
export function rewritten(original, name, document) {
  const file = join(place, name);
  const [before, after] = readFileSync(original, 'utf8').split(/(?<=id="document">).*(?=<\/script>)/);
  writeFileSync(file, before + JSON.stringify(document).replaceAll('<', '\\u003c') + after);
  return file;
}
