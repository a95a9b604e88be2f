/** The files of the components, each only if it is the one that this plugin was built with. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { workerData } from 'node:worker_threads';

/** A module that another thread has compiled, and the SHA-256 of its file. */
export interface Compiled {
  digest: string;
  module: WebAssembly.Module;
}

// Tests run the sources, which have what was built beside them.
const built = new URL(import.meta.url.endsWith('.ts') ? '../dist/' : './', import.meta.url);
const place = new URL('component/', built);
const { files } = JSON.parse(readFileSync(new URL('pins.json', built), 'utf8')) as {
  files: Record<string, string>;
};

async function pinned(file: string): Promise<Buffer> {
  const bytes = await readFile(new URL(file, place));
  if (createHash('sha256').update(bytes).digest('hex') !== files[file])
    throw new Error(`${file} is not the file that the plugin was built with (SHA-256 differs); install the plugin again`);
  return bytes;
}

/** A component's own code. */
export async function component<T>(file: string): Promise<T> {
  await pinned(file);
  return (await import(new URL(file, place).href)) as T;
}

/** A module of a component, compiled once for all instances of this thread, or by the thread that has started this one. */
export function load(path: string): Promise<WebAssembly.Module> {
  const given = (workerData as { modules?: Record<string, Compiled> } | null)?.modules?.[path];
  // An update may have replaced the files in between.
  if (given && given.digest === files[path]) return Promise.resolve(given.module);
  return compile(path);
}

/**
 * The modules of a component, for a thread that is to load it. They hold no state, and what is compiled better while a call runs
 * serves the next ones. Never rejects: what cannot be used is not there, and the thread finds out why.
 */
export async function compiled(component: string): Promise<Record<string, Compiled>> {
  const paths = Object.keys(files).filter((path) => path.startsWith(`${component}.`) && path.endsWith('.wasm'));
  const made = paths.map(async (path) => {
    const module = await compile(path).catch(() => undefined);
    return module ? [[path, { digest: files[path], module }]] : [];
  });
  return Object.fromEntries((await Promise.all(made)).flat()) as Record<string, Compiled>;
}

const modules = new Map<string, Promise<WebAssembly.Module>>();

function compile(path: string): Promise<WebAssembly.Module> {
  let module = modules.get(path);
  if (!module) {
    module = pinned(path).then((bytes) => WebAssembly.compile(bytes as BufferSource));
    modules.set(path, module);
    module.catch(() => modules.delete(path));
  }
  return module;
}
