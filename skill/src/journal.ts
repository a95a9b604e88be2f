/** The journal of a call as a file. */

import type { JournalError } from './contract.ts';
import { appendLines } from './lines.ts';

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
    appendLines(file, lines);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const payload: JournalError = { tag: TAGS[code] ?? 'failed', val: message };
    throw Object.assign(new Error(message), { payload });
  }
}
