/**
 * What became of the items of a run over many, one line for each as soon as it is final: their answers are nowhere else. A run that
 * goes on tells all of them again; each has its line once.
 */

import { constants, copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { appendLines, wholeLines } from './lines.ts';
import { type Fields, fields } from './values.ts';
import { FOLDER, folderIn, folderTrouble } from './workspace_folder.ts';

/** The function of the component whose runs have items. */
export const MAP = 'map_tasks';

interface Item {
  /** Its place in the request, from 1. */
  item: number;
  /** One JSON object without line ends. */
  document: string;
}

export class Items {
  readonly file: string;
  readonly #told: Set<number>;
  readonly #check: () => void;

  /** Continues the file, if it is there, without a last line that was written in part. `check` throws where it must not be written. */
  constructor(file: string, check = () => {}) {
    this.file = file;
    this.#check = check;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const there = existsSync(file) ? wholeLines(file) : '';
    this.#told = new Set(parsed(there).map((line) => Number(line['item'])));
  }

  keep({ item, document }: Item): void {
    if (this.#told.has(item)) return;
    this.#check();
    appendLines(this.file, `${document}\n`);
    this.#told.add(item);
  }
}

/** What became of the item that a task belongs to, in the form of a report with this one row; undefined if that is not told yet. */
export function reportOf(file: string, task: string): Fields | undefined {
  const number = /^item-(\d+)(-|$)/.exec(task)?.[1];
  const line = number === undefined ? undefined : lines(file).find((line) => line['item'] === Number(number));
  return line && { results: [{ task_id: task, status: line['status'], output: line['output'] }] };
}

/** Where a session finds the lines of its run. */
export function placeIn(workspace: string, run: string): string {
  return join(workspace, FOLDER, `${run}.jsonl`);
}

/** The lines of a run of which nothing is kept but these. Throws where they cannot be written there. */
export function itemsIn(workspace: string | undefined, run: string): Items {
  if (workspace === undefined) throw new Error('the session has no workspace');
  folderIn(workspace);
  const place = placeIn(workspace, run);
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found && !found.isFile()) throw new Error(`${place} is no file`);
  return new Items(place, () => folderIn(workspace));
}

/** Copies the lines to where the session can read them by itself; undefined if there is nothing to copy. */
export function copyTo(workspace: string, run: string, file: string): string | undefined {
  const place = placeIn(workspace, run);
  if (!existsSync(file) || place === file) return existsSync(file) ? place : undefined;
  folderIn(workspace);
  // What a crash has left there, or a link; one in the place itself is replaced and not followed.
  rmSync(`${place}.new`, { force: true });
  copyFileSync(file, `${place}.new`, constants.COPYFILE_EXCL);
  renameSync(`${place}.new`, place);
  return place;
}

/** Removes the lines that a run has left in the workspace of its session. `items`: where it says that they are. */
export function removeFrom(workspace: string, run: string, items: string | undefined): void {
  if (items !== placeIn(workspace, run) || folderTrouble(workspace)) return;
  if (lstatSync(items, { throwIfNoEntry: false })?.isFile()) rmSync(items);
}

function lines(file: string): Fields[] {
  return parsed(existsSync(file) ? readFileSync(file, 'utf8') : '');
}

function parsed(text: string): Fields[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => fields(JSON.parse(line)));
}
