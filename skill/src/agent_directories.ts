/** Finds the files of directories of agents. What stands in them is read by a component. */

import { closeSync, openSync, readSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { extname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import type { AgentFile } from './contract.ts';
import { errorText } from './values.ts';

/** Endings of files that may hold a definition, and the file in which this plugin's own registries list theirs. */
const ENDINGS = ['.md', '.mdc', '.markdown'];
const INDEX = 'registry.json';

/** Directories that hold the work of tools. */
const SKIPPED = ['.git', 'node_modules'];

/** What is read at one call, in all directories together: entries that are looked at, files, and their bytes. */
const MOST_ENTRIES = 10_000;
const MOST_FILES = 500;
const MOST_BYTES = 8 << 20;
const MOST_DEPTH = 8;

/** One byte more than a definition may have, so that the component says that it is too large. */
const MOST_OF_ONE = (1 << 20) + 1;

/** The files that may hold a definition, and places that cannot be read with the reason. */
export function agentFiles(directories: string[], workspace: string | undefined): AgentFile[] {
  const search = new Search();
  for (const directory of directories) {
    if (isAbsolute(directory)) search.in(directory, directory);
    else if (workspace) search.in(resolve(workspace, directory), directory);
    else search.wrong(directory, 'it is relative, and this call has no workspace');
  }
  return search.found;
}

class Search {
  readonly found: AgentFile[] = [];
  readonly #seen = new Set<string>();
  #entries = 0;
  #files = 0;
  #bytes = 0;
  #isFull = false;

  /** `shown` is what messages call the directory. */
  in(directory: string, shown: string): void {
    try {
      const root = realpathSync(directory);
      this.#walk(root, { root, directory: shown, at: root }, 0);
    } catch (error) {
      // Not every agent's workspace has one.
      if (isAbsolute(shown) || (error as NodeJS.ErrnoException).code !== 'ENOENT') this.wrong(shown, errorText(error));
    }
  }

  wrong(path: string, why: string): void {
    this.found.push({ path, content: { tag: 'err', val: why } });
  }

  #walk(place: string, within: Within, depth: number): void {
    for (const name of readdirSync(place).sort()) {
      if (this.#isFull) return;
      if (SKIPPED.includes(name)) continue;
      const path = join(place, name);
      const shown = join(within.directory, relative(within.at, path));
      if ((this.#entries += 1) > MOST_ENTRIES) return this.#full(within, `more than ${MOST_ENTRIES} entries`);
      try {
        this.#look(path, shown, within, depth);
      } catch (error) {
        this.wrong(shown, errorText(error));
      }
    }
  }

  #look(path: string, shown: string, within: Within, depth: number): void {
    const isWanted = ENDINGS.includes(extname(path).toLowerCase()) || path.endsWith(`${sep}${INDEX}`);
    const found = statSync(path);
    if (!found.isDirectory() && !(found.isFile() && isWanted)) return;
    const real = realpathSync(path);
    // Whoever may write into a directory must not have files read that are elsewhere.
    if (!real.startsWith(within.root.endsWith(sep) ? within.root : `${within.root}${sep}`)) return this.wrong(shown, 'it leads out of its directory');
    if (this.#seen.has(real)) return;
    this.#seen.add(real);
    if (found.isDirectory()) {
      if (depth === MOST_DEPTH) this.wrong(shown, `it is more than ${MOST_DEPTH} directories deep`);
      else this.#walk(path, within, depth + 1);
      return;
    }
    if (this.#files === MOST_FILES) return this.#full(within, `more than ${MOST_FILES} files`);
    const bytes = beginning(real);
    if (this.#bytes + bytes.length > MOST_BYTES) return this.#full(within, `more than ${MOST_BYTES >> 20} MiB of files`);
    this.#files += 1;
    this.#bytes += bytes.length;
    this.found.push({ path: shown, content: { tag: 'ok', val: bytes } });
  }

  #full({ directory }: Within, what: string): void {
    this.#isFull = true;
    this.wrong(directory, `the configured directories have ${what}; the rest is left out`);
  }
}

/** Where a search is: the directory without links, what it is called, and the path that it is walked by. */
interface Within {
  root: string;
  directory: string;
  at: string;
}

/** As many bytes of a file as a definition may have, and one more. */
function beginning(file: string): Uint8Array {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(MOST_OF_ONE, statSync(file).size));
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length; length += read) read = readSync(handle, buffer, length, buffer.length - length, length);
    return new Uint8Array(buffer.subarray(0, length));
  } finally {
    closeSync(handle);
  }
}
