/**
 * What became of the items of a run over many, one line for each as soon as it is final: their answers are nowhere else. A run that
 * goes on tells all of them again; each has its line once.
 */

import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { appendLines, wholeLines } from './lines.ts';
import { type Fields, fields } from './values.ts';

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

  /** Continues the file, if it is there, without a last line that was written in part. */
  constructor(file: string) {
    this.file = file;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const there = existsSync(file) ? wholeLines(file) : '';
    this.#told = new Set(parsed(there).map((line) => Number(line['item'])));
  }

  keep({ item, document }: Item): void {
    if (this.#told.has(item)) return;
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
  return join(workspace, 'parallel-agents', `${run}.jsonl`);
}

/** Copies the lines to where the session can read them by itself; undefined if there is nothing to copy. */
export function copyTo(workspace: string, run: string, file: string): string | undefined {
  const place = placeIn(workspace, run);
  if (!existsSync(file) || place === file) return existsSync(file) ? place : undefined;
  mkdirSync(dirname(place), { recursive: true });
  copyFileSync(file, place);
  return place;
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
