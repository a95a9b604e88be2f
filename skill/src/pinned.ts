/** The files of the components, each only if it is the one that this plugin was built with. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const place = new URL('./component/', import.meta.url);
const { files } = JSON.parse(readFileSync(new URL('./pins.json', import.meta.url), 'utf8')) as {
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

const modules = new Map<string, Promise<WebAssembly.Module>>();

/** A module of a component, compiled once for all instances of this thread. */
export function load(path: string): Promise<WebAssembly.Module> {
  let module = modules.get(path);
  if (!module) {
    module = pinned(path).then((bytes) => WebAssembly.compile(bytes as BufferSource));
    modules.set(path, module);
  }
  return module;
}
