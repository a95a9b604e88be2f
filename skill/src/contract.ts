/** The contract's own types, as jco writes them from the WIT, and what the two threads say to each other in them. */

import type * as agentFiles from '../dist/component/interfaces/parallel-agents-agent-files-reading.js';
import type * as events from '../dist/component/interfaces/parallel-agents-skill-events.js';
import type * as journal from '../dist/component/interfaces/parallel-agents-skill-journal.js';
import type * as sessions from '../dist/component/interfaces/parallel-agents-skill-sessions.js';
import type * as journals from '../dist/component/interfaces/parallel-agents-skill-journals.js';
import type * as functions from '../dist/component/interfaces/parallel-agents-skill-functions.js';

export type { File as AgentFile, Selection, Summary } from '../dist/component/interfaces/parallel-agents-agent-files-reading.js';
export type {
  Event,
  FailureKind,
  EventKind,
  HostFacts,
  ItemResult,
  Progress,
  SessionEnd,
  SessionOutcome,
  Usage,
} from '../dist/component/interfaces/parallel-agents-skill-events.js';
export type {
  HistoryPage,
  HistoryQuery,
  HostError,
  ListFilter,
  Message,
  Receipt,
  Reply,
  SessionPage,
  SessionRow,
  SpawnOptions,
} from '../dist/component/interfaces/parallel-agents-skill-sessions.js';
export type { JournalError } from '../dist/component/interfaces/parallel-agents-skill-journal.js';
export type { DocumentReply } from '../dist/component/interfaces/parallel-agents-skill-types.js';

/** The component, as far as the worker uses it. jco keys the imports without a version, unlike its declarations. */
export interface Component {
  instantiate(
    module: (path: string) => Promise<WebAssembly.Module>,
    imports: {
      'parallel-agents:skill/sessions': typeof sessions;
      'parallel-agents:skill/events': typeof events;
      'parallel-agents:skill/journal': typeof journal;
    },
  ): Promise<{ functions: typeof functions; journals: typeof journals }>;
}

/** The component that reads agent files, as far as its worker uses it. */
export interface AgentFiles {
  instantiate(
    module: (path: string) => Promise<WebAssembly.Module>,
    imports: Record<string, never>,
  ): Promise<{ reading: typeof agentFiles }>;
}

/** What the worker is started with. */
export interface Call {
  function: string;
  /** A JSON document. */
  arguments: string;
  /** The file that the call is written down in; none where nothing is kept. */
  journal?: string;
  /** Go on with what stands in that file instead. */
  resume?: boolean;
  /** For the worker that reads agent files. */
  files?: agentFiles.File[];
  /** The arguments of `result_digest`, but for the report: what the reply of the call will need of its result. */
  digest?: string;
}

/** What a call gave back, and the digest that was asked for, if it could be made. */
export type Answered = functions.DocumentReply & { digest?: functions.DocumentReply };

/** A request of the component: which import was called, and with what. */
export type Command = { request: bigint } & (
  | { kind: 'spawn'; options: sessions.SpawnOptions }
  | { kind: 'list'; filter: sessions.ListFilter }
  | { kind: 'history'; query: sessions.HistoryQuery }
  | { kind: 'cancel' | 'attach' | 'delete'; session: string }
);

/** From the worker. The answer to `next` is one event; to everything else there is none. */
export type Said =
  | Command
  | { kind: 'progress'; progress: events.Progress }
  /** What became of an item, which is kept nowhere else. */
  | { kind: 'item'; item: events.ItemResult }
  | { kind: 'next'; untilMs: bigint | undefined }
  /** What a session said, without secrets. */
  | { kind: 'answer'; session: string; answer: { text: string; truncated: boolean } }
  | { kind: 'reply'; reply: Answered };
