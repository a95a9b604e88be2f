/** Pages of a transcript, as the component asks for them. */

import type { HistoryPage, HistoryQuery, Message } from './contract.ts';
import { MAX_PAGE_BYTES } from './text.ts';

/** The part of a transcript that was asked for; offsets count from its end. Its oldest messages go where it is too large. */
export function historyPage(messages: Message[], { offset, limit, includeTools }: HistoryQuery): HistoryPage {
  const all = messages.filter((message) => includeTools || message.role !== 'tool');
  const end = Math.max(0, all.length - offset);
  const start = Math.max(0, end - limit);
  let first = end;
  for (let bytes = 0; first > start; first -= 1) {
    bytes += Buffer.byteLength(all[first - 1]?.text ?? '');
    if (bytes > MAX_PAGE_BYTES && first < end) break;
  }
  return { messages: all.slice(first, end).map(plain), hasMore: start > 0, droppedMessages: first - start, redacted: false };
}

/** A message without what only this side knows of it. */
function plain({ role, text, truncated, finish, model, usage }: Message): Message {
  return { role, text, truncated, finish, model, usage };
}
