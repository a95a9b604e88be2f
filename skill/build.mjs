// Builds dist/: the components as JavaScript, the plugin's own code, and what OpenClaw and registries are told of it.
// Usage: node build.mjs <component.wasm> <agent files.wasm> <jco.js> <tsc> <directory of @types>; `cargo xtask package` calls it.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { manifest, packageJson, tools } from './generate.mjs';

const [component, agentFiles, jco, tsc, types] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
const node = (...arguments_) =>
  execFileSync(process.execPath, arguments_, { cwd: here, stdio: ['ignore', 'inherit', 'inherit'] });
const read = (file) => JSON.parse(readFileSync(`${here}${file}`, 'utf8'));
const write = (file, value) => writeFileSync(`${here}dist/${file}`, `${JSON.stringify(value, undefined, 2)}\n`);

rmSync(`${here}dist`, { recursive: true, force: true });
// First, since the code is checked against the types that jco makes from the WIT.
for (const [name, file] of [['parallel_agents', component], ['agent_files', agentFiles]])
  node(jco, 'transpile', file, '-o', 'dist/component', '--name', name, '--instantiation', 'async', '-q');
for (const project of ['tsconfig.json', 'test/tsconfig.json']) node(tsc, '-p', project, '--typeRoots', types);

// The files that the workers run.
const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
const files = readdirSync(`${here}dist/component`).filter((file) => /\.(js|wasm)$/.test(file));
const pins = Object.fromEntries(files.map((file) => [file, sha256(`${here}dist/component/${file}`)]));
write('pins.json', { files: pins });

const { instantiate } = await import(new URL('./dist/component/parallel_agents.js', import.meta.url).href);
const load = (path) => WebAssembly.compile(readFileSync(`${here}dist/component/${path}`));
const unused = () => {
  throw new Error('listing the functions asks nothing of the host');
};
// Whatever the world imports, none of it is used here.
const nothing = new Proxy({}, { get: (_, name) => (name === 'default' ? undefined : unused) });
const imports = new Proxy({}, { get: () => nothing });
const instance = await instantiate(load, imports);
const functions = instance.functions.listFunctions();
const sources = read('tools.json');
write('functions.json', functions);
write(
  'tools.json',
  tools(sources, functions, (file) => read(`../schemas/results/${file}`)),
);
// One version for the whole project.
const version = /^\[workspace\.package\]\nversion = "([^"]+)"/m.exec(readFileSync(`${here}../Cargo.toml`, 'utf8'))[1];
const described = manifest(read('openclaw.plugin.json'), sources, version);
write('openclaw.plugin.json', described);
write('package.json', packageJson(read('package.json'), read('publish.json'), described));
