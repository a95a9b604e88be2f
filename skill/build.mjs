// Builds dist/: the component as JavaScript, the plugin's own code, and what the component says of its functions.
// Usage: node build.mjs <component.wasm> <jco.js> <tsc> <directory of @types>; `cargo xtask e2e` calls it.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { template } from '../report/assemble.mjs';

const [component, jco, tsc, types] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
const node = (...arguments_) =>
  execFileSync(process.execPath, arguments_, { cwd: here, stdio: ['ignore', 'inherit', 'inherit'] });

rmSync(`${here}dist`, { recursive: true, force: true });
// First, since the code is checked against the types that jco makes from the WIT.
node(
  jco,
  'transpile',
  component,
  '-o',
  'dist/component',
  '--name',
  'parallel_agents',
  '--instantiation',
  'async',
  '-q',
);
for (const project of ['tsconfig.json', 'test/tsconfig.json']) node(tsc, '-p', project, '--typeRoots', types);

const { instantiate } = await import(new URL('./dist/component/parallel_agents.js', import.meta.url).href);
const load = (path) => WebAssembly.compile(readFileSync(`${here}dist/component/${path}`));
const unused = () => {
  throw new Error('listing the functions asks nothing of the host');
};
const imports = {
  'parallel-agents:skill/sessions': {
    sessionsSpawn: unused,
    sessionsList: unused,
    sessionsHistory: unused,
    sessionsCancel: unused,
    sessionsDelete: unused,
  },
  'parallel-agents:skill/events': { nextEvent: unused, reportProgress: unused },
};
const { documents } = await instantiate(load, imports);
writeFileSync(`${here}dist/functions.json`, JSON.stringify(documents.listFunctions(), undefined, 2));
writeFileSync(`${here}dist/report.html`, template());
