/**
 * The plugin's folder in an agent's workspace. Others write there too, and a link that one of them has put in its place would lead
 * out of the workspace: nothing is read, written or removed through it.
 */

import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Below the workspace. */
export const FOLDER = 'parallel-agents';

/** Why the folder cannot be used; undefined if it can, or is not there yet. */
export function folderTrouble(workspace: string): string | undefined {
  const found = lstatSync(join(workspace, FOLDER), { throwIfNoEntry: false });
  if (!found || found.isDirectory()) return undefined;
  return `${FOLDER} in the workspace is ${found.isSymbolicLink() ? 'a link' : 'a file'}, need a directory`;
}

/** The folder, which is made if need be. Throws where it cannot be used. */
export function folderIn(workspace: string): string {
  const trouble = folderTrouble(workspace);
  if (trouble) throw new Error(trouble);
  const folder = join(workspace, FOLDER);
  mkdirSync(folder, { recursive: true });
  return folder;
}
