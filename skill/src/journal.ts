/** The journal of a call as a file. */

import { appendFileSync, readFileSync, truncateSync } from 'node:fs';

import type { JournalError } from './contract.ts';

/** What the system says of a full disk, and of a place where nothing may be written. */
const TAGS: Record<string, JournalError['tag']> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
};

/** Adds whole lines. What it throws is the error of the contract: jco takes `payload` for it. */
export function append(file: string, lines: string): void {
  try {
    appendFileSync(file, lines, { mode: 0o600 });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const payload: JournalError = { tag: TAGS[code] ?? 'failed', val: message };
    throw Object.assign(new Error(message), { payload });
  }
}

/** What a journal holds. The half line that a crash can leave is cut off, since whole lines are appended to it. */
export function whole(file: string): string {
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf('\n') + 1;
  if (end < bytes.length) truncateSync(file, end);
  return bytes.subarray(0, end).toString('utf8');
}
