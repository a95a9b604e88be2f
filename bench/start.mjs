// Measures what a start takes in Node: `compile` is that of the core modules, `instantiate` all that follows.
// Prints one JSON object. Stands beside the JavaScript that jco made of the component.

import { readdirSync, readFileSync } from 'node:fs';
import { instantiate } from './component.js';

const TIMES = 21;
const here = (path) => new URL(path, import.meta.url);
const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];
const nothing = () => {};
const functions = new Proxy({}, { get: () => nothing });
const imports = new Proxy({}, { get: () => functions });

const modules = new Map();
const began = performance.now();
for (const name of readdirSync(here('.')).filter((file) => file.endsWith('.wasm'))) {
  modules.set(name, await WebAssembly.compile(readFileSync(here(name))));
}
const compileMs = performance.now() - began;

const times = [];
for (let time = 0; time < TIMES; time += 1) {
  const start = performance.now();
  await instantiate((path) => modules.get(path), imports);
  times.push(performance.now() - start);
}
console.log(JSON.stringify({ compileMs, loadMs: null, instantiateMs: median(times) }));
