/**
 * Takes secrets out of texts in one pass (why: `secrets.ts`). It runs in the worker, and its work grows with the length of the text alone:
 * every rule begins at a fixed text, reads runs of characters whose ends are remembered, and looks at nothing else
 * beyond a fixed distance. There are no regular expressions over whole texts.
 */

import { Scan } from './scan.ts';
import { type Rule, rulesOf } from './secrets.ts';

interface Redacted {
  text: string;
  /** Something was taken out. */
  changed: boolean;
  steps: number;
}

/** The text with every known secret replaced by what it was. */
export function redact(text: string): Redacted {
  const scan = new Scan(text);
  const pieces: string[] = [];
  let done = 0;
  const { starts, rulesAt } = rulesOf();
  const search = new RegExp(starts, 'g');
  for (let found = search.exec(text); found; found = search.exec(text)) {
    const at = found.index;
    const secret = first(rulesAt(found[0]), scan, at);
    search.lastIndex = secret ? secret.to : at + 1;
    if (!secret) continue;
    pieces.push(text.slice(done, secret.from), `[${secret.kind} removed]`);
    done = secret.to;
  }
  const steps = scan.steps + text.length;
  if (done === 0) return { text, changed: false, steps };
  pieces.push(text.slice(done));
  return { text: pieces.join(''), changed: true, steps };
}

/** The text without its secrets. For short texts, such as error messages, where it does not matter which thread it is. */
export function redacted(text: string): string {
  return redact(text).text;
}

function first(rules: [Rule, string][], scan: Scan, at: number): { from: number; to: number; kind: string } | undefined {
  for (const [rule, start] of rules) {
    const place = rule.find(scan, at, start);
    if (place) return { ...place, kind: rule.kind };
  }
  return undefined;
}
