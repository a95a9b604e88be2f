/** Replies that are too long for a conversation: kept here, shortened and read by the component. */

import { randomBytes } from 'node:crypto';

import type { DocumentReply } from './contract.ts';
import { text } from './words.ts';

/** Below the 16,000 characters to which the gateway cuts a live tool result. */
export const MAX_CHARS = 15_000;

/** Reports that are kept, the newest ones. */
const MAX_KEPT = 8;

/** The id takes some of the room. */
const ID_CHARS = 40;

/** Calls a function of the component with a JSON document. */
export type Ask = (name: string, document: string) => Promise<DocumentReply>;

/** Shared by the instances that the gateway makes of this module. */
const kept: Map<string, string> = ((globalThis as Record<symbol, unknown>)[Symbol.for('parallel-agents.reports')] ??=
  new Map<string, string>()) as Map<string, string>;

/** The arguments as a document, with the report that they name by `report_id` in its place. */
export function withReport({ report_id: id, ...rest }: Record<string, unknown>): string {
  if (id === undefined) return JSON.stringify(rest);
  // A report that is gone leaves the component to say that there is none.
  return JSON.stringify({ ...rest, report: JSON.parse(kept.get(text(id) ?? '') ?? '{}') });
}

/** A long reply as its digest of at most `most` characters; the whole one is kept. What is no report stays as it is. */
export async function shortened(reply: DocumentReply, most: number, ask: Ask): Promise<DocumentReply> {
  if (reply.tag !== 'answer' || reply.val.length <= most) return reply;
  const digest = await ask('result_digest', `{"report":${reply.val},"max_chars":${Math.max(1_000, most - ID_CHARS)}}`);
  if (digest.tag !== 'answer') return reply;
  const id = randomBytes(6).toString('hex');
  kept.set(id, reply.val);
  for (const old of [...kept.keys()].slice(0, -MAX_KEPT)) kept.delete(old);
  return { tag: 'answer', val: `{"report_id":"${id}",${digest.val.slice(1)}` };
}
