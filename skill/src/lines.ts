/** Files of lines, each of which is there as a whole. Half a line at the end is what a crash leaves. */

import { appendFileSync, closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, readFileSync, truncateSync } from 'node:fs';

/** A link that somebody has put in the file's place is not followed; Windows has no such choice. */
const ADD = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/**
 * Adds whole lines. If that fails it throws, and the file is as it was: a full disk takes a part of a line, and the next one would be
 * written behind that. `isPromise`: a crash of the machine cannot take them back.
 */
export function appendLines(file: string, lines: string, isPromise = false): void {
  const handle = openSync(file, ADD, 0o600);
  try {
    const { size } = fstatSync(handle);
    try {
      appendFileSync(handle, lines);
      if (isPromise) fdatasyncSync(handle);
    } catch (error) {
      cut(() => ftruncateSync(handle, size));
      throw error;
    }
  } finally {
    closeSync(handle);
  }
}

/** All whole lines of a file. Half a line at its end is cut off, since whole ones are added to it. */
export function wholeLines(file: string): string {
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) truncateSync(file, end);
  return bytes.subarray(0, end).toString('utf8');
}

/** Why a line could not be added says more than why its part could not be taken away. */
function cut(work: () => void): void {
  try {
    work();
  } catch {
    // As with a device, which has no end.
  }
}
