/**
 * Saved requests: files in an agent's workspace that people can read, change and keep in git. What stands in them is checked by the
 * component whenever one is saved or run.
 */

import { lstatSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Fields, fields } from './values.ts';
import { FOLDER, folderIn, folderTrouble } from './workspace_folder.ts';

/** A name is never a path. */
const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** The component takes no request that is larger (`wit/functions.wit`). */
const MAX_BYTES = 16 << 20;

/** Names that a list has at the most. */
const MOST = 200;

export function isName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name);
}

/** A file, as far as it can be used. */
type SavedFile = { name: string; saved: Fields } | { name: string; wrong: string };

export class SavedRequests {
  readonly #workspace: string;

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  /** Why none of them can be used; undefined if all is well. */
  get trouble(): string | undefined {
    return folderTrouble(this.#workspace);
  }

  /** Where one stands, as people find it in the workspace. */
  place(name: string): string {
    return `${FOLDER}/${name}.json`;
  }

  /** All of them by name; one that cannot be read is named with the reason. */
  list(): SavedFile[] {
    const files = this.#names().filter((file) => file.endsWith('.json'));
    const names = files.map((file) => file.slice(0, -5)).filter(isName).sort().slice(0, MOST);
    return names.flatMap((name) => this.read(name) ?? []);
  }

  /** One of them; undefined if it is not there. */
  read(name: string): SavedFile | undefined {
    const file = this.#file(name);
    try {
      const found = lstatSync(file);
      if (!found.isFile()) return { name, wrong: `${this.place(name)} is no file` };
      if (found.size > MAX_BYTES) return { name, wrong: `${this.place(name)} has ${found.size} bytes, need at most ${MAX_BYTES}` };
      const saved: unknown = JSON.parse(readFileSync(file, 'utf8'));
      if (typeof saved !== 'object' || saved === null || Array.isArray(saved)) return { name, wrong: `${this.place(name)} holds no JSON object` };
      return { name, saved: fields(saved) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      return { name, wrong: `${this.place(name)}: ${(error as Error).message}` };
    }
  }

  /** Keeps one, in one step, so that a crash leaves the old text or the new one. Whether it replaces another. */
  write(name: string, saved: Fields): boolean {
    folderIn(this.#workspace);
    const file = this.#file(name);
    const replaces = this.read(name) !== undefined;
    // A large one may fit only without the lines that people like to read.
    const readable = `${JSON.stringify(saved, undefined, 2)}\n`;
    // What a crash has left there, or a link, which would be followed.
    rmSync(`${file}.new`, { force: true });
    writeFileSync(`${file}.new`, Buffer.byteLength(readable) > MAX_BYTES ? JSON.stringify(saved) : readable, { flag: 'wx' });
    renameSync(`${file}.new`, file);
    return replaces;
  }

  /** Removes one; false if it is not there. */
  remove(name: string): boolean {
    if (this.read(name) === undefined) return false;
    rmSync(this.#file(name));
    return true;
  }

  #file(name: string): string {
    if (!isName(name)) throw new Error(`${name} is no name of a saved request`);
    return join(this.#workspace, FOLDER, `${name}.json`);
  }

  #names(): string[] {
    try {
      return readdirSync(join(this.#workspace, FOLDER));
    } catch {
      return [];
    }
  }
}
