/** A report as one page for people: the template of `report/`, which the simulator uses too, around a document. */

import { readFileSync } from 'node:fs';

import type { SpawnOptions } from './contract.ts';

/** What the host saw of one session; times are milliseconds since the call began. The page reads these names. */
export interface SessionRecord {
  session_key: string | null;
  label: string;
  prompt: string;
  model: string | null;
  asked_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  answer: string | null;
  answer_is_cut: boolean;
}

const NOTHING = {
  session_key: null,
  prompt: '',
  model: null,
  asked_ms: 0,
  started_ms: null,
  ended_ms: null,
  answer: null,
  answer_is_cut: false,
};

/** What is known of a session, or what has become known since. */
export type Seen = Partial<SessionRecord> & Pick<SessionRecord, 'label'>;

/** Keeps a record of every session of one run, and says what is new in it to whoever keeps it beyond this process. */
export class SessionLog {
  readonly #records = new Map<string, SessionRecord>();
  readonly #keep: (seen: Seen) => void;

  /** `known` is what was kept of the same run before. */
  constructor(known: Seen[] = [], keep: (seen: Seen) => void = () => {}) {
    for (const seen of known) this.#learn(seen);
    this.#keep = keep;
  }

  get records(): SessionRecord[] {
    return [...this.#records.values()];
  }

  /** A spawn call; the same label again is the same session. */
  asked({ label, task, model }: SpawnOptions, atMs: number): void {
    if (!this.#records.has(label)) this.#note({ label, prompt: task, model: model ?? null, asked_ms: atMs });
  }

  /** The receipt of that spawn call. */
  accepted(label: string, sessionKey: string): void {
    this.#note({ label, session_key: sessionKey });
  }

  started(sessionKey: string, atMs: number): void {
    const record = this.#of(sessionKey);
    if (record) record.started_ms ??= atMs;
  }

  ended(sessionKey: string, atMs: number): void {
    const record = this.#of(sessionKey);
    if (!record || record.ended_ms !== null) return;
    const { label, started_ms } = record;
    this.#note({ label, started_ms, ended_ms: atMs });
  }

  /** What it said, after it has ended and without secrets. */
  answered(sessionKey: string, { text, truncated }: { text: string; truncated: boolean }): void {
    const record = this.#of(sessionKey);
    if (record && record.answer === null) this.#note({ label: record.label, answer: text, answer_is_cut: truncated });
  }

  #note(seen: Seen): void {
    this.#learn(seen);
    this.#keep(seen);
  }

  #learn(seen: Seen): void {
    this.#records.set(seen.label, { ...NOTHING, ...this.#records.get(seen.label), ...seen });
  }

  #of(sessionKey: string): SessionRecord | undefined {
    return this.records.find((record) => record.session_key === sessionKey);
  }
}

/**
 * The page of a call, for a file that ends in .html. `report` is the component's document, word for word; the template is
 * put beside the plugin's code when that is built.
 */
export function page(name: string, report: string, sessions: SessionRecord[]): string {
  const document = `{"format":1,"function":${JSON.stringify(name)},"report":${report},"sessions":${JSON.stringify(sessions)}}`;
  // A document that holds no `<` cannot end its element, whatever an agent wrote.
  const text = document.replaceAll('<', '\\u003c');
  const template = readFileSync(new URL('../dist/report.html', import.meta.url), 'utf8');
  return template.replace('null</script>', () => `${text}</script>`);
}
