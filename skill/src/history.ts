/** Pages of a transcript, as the component asks for them. */

import type { HistoryPage, HistoryQuery, Message } from './contract.ts';
import { hasRedaction } from './redact.ts';

/** The part of a transcript that was asked for; offsets count from its end. */
export function historyPage(messages: Message[], { offset, limit, includeTools }: HistoryQuery): HistoryPage {
  const all = messages.filter((message) => includeTools || message.role !== 'tool');
  const end = Math.max(0, all.length - offset);
  const start = Math.max(0, end - limit);
  const shown = all.slice(start, end);
  const redacted = shown.some(({ text }) => hasRedaction(text));
  return { messages: shown, hasMore: start > 0, droppedMessages: 0, redacted };
}
