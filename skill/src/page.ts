/** A report as one page for a browser: `report/` of the repository, which the simulator uses too, around a document. */

import { readFileSync } from 'node:fs';

import type { SpawnOptions } from './contract.ts';

const PLACE = '<script type="application/json" id="document">';

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

/** Keeps a record of every session of one call. */
export class SessionLog {
  readonly #records = new Map<string, SessionRecord>();

  get records(): SessionRecord[] {
    return [...this.#records.values()];
  }

  /** A spawn call; the same key again is the same session. */
  asked(options: SpawnOptions, atMs: number): void {
    if (this.#records.has(options.idempotencyKey)) return;
    this.#records.set(options.idempotencyKey, {
      session_key: null,
      label: options.label,
      prompt: options.task,
      model: options.model ?? null,
      asked_ms: atMs,
      started_ms: null,
      ended_ms: null,
      answer: null,
      answer_is_cut: false,
    });
  }

  /** The receipt of that spawn call. */
  accepted(idempotencyKey: string, sessionKey: string): void {
    const record = this.#records.get(idempotencyKey);
    if (record) record.session_key = sessionKey;
  }

  started(sessionKey: string, atMs: number): void {
    const record = this.#of(sessionKey);
    if (record) record.started_ms ??= atMs;
  }

  ended(sessionKey: string, atMs: number, answer?: { text: string; truncated: boolean }): void {
    const record = this.#of(sessionKey);
    if (!record) return;
    record.ended_ms ??= atMs;
    record.answer ??= answer?.text ?? null;
    record.answer_is_cut = answer?.truncated ?? false;
  }

  #of(sessionKey: string): SessionRecord | undefined {
    return this.records.find((record) => record.session_key === sessionKey);
  }
}

/**
 * The page of a call, for a file that ends in .html. `report` is the component's document, word for word; `template` is
 * `dist/report.html`, which the build makes.
 */
export function page(
  name: string,
  report: string,
  sessions: SessionRecord[],
  template: string = readFileSync(new URL('./report.html', import.meta.url), 'utf8'),
): string {
  const document = `{"format":1,"function":${JSON.stringify(name)},"report":${report},"sessions":${JSON.stringify(sessions)}}`;
  // A document that holds no `<` cannot end its element, whatever an agent wrote.
  const text = document.replaceAll('<', '\\u003c');
  return template.replace(`${PLACE}null</script>`, () => `${PLACE}${text}</script>`);
}
