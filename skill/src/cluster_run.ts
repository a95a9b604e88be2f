/**
 * A run that a cluster carries out. It is started there once by its own name, which is written down before, and then followed by
 * questions with a pause between them: it is the cluster that schedules, tries again and counts what is spent. The run goes on when this
 * gateway stops, and whoever comes after it follows it again.
 */

import { Broken, CUT_OFF } from './call.ts';
import type { Carrier, Listeners, Parts } from './carrier.ts';
import { Cluster, ClusterError, type Standing } from './cluster.ts';
import type { ClusterConfig } from './config.ts';
import type { Answered, Progress } from './contract.ts';
import { MAP } from './items.ts';
import type { HandedOver } from './store.ts';
import { type Fields, fields, list, text } from './values.ts';

/** The pause between two questions. */
const PAUSE_MS = 1_000;

export class ClusterRun implements Carrier {
  counts: Record<string, number> = {};
  trouble: string | undefined;
  readonly #config: ClusterConfig;
  readonly #parts: Parts;
  readonly #kept: HandedOver;
  #wasAsked: boolean;
  /** Lines of items that were read. */
  #items = 0;
  #wake = () => {};

  /** `wasAsked`: somebody may have asked the cluster for it before. */
  constructor(config: ClusterConfig, kept: HandedOver, parts: Parts, wasAsked: boolean) {
    this.#config = config;
    this.#kept = kept;
    this.#parts = parts;
    this.#wasAsked = wasAsked;
  }

  get nowMs(): number {
    return Date.now() - Date.parse(this.#parts.record.started);
  }

  async carry({ progress, item, cut }: Listeners): Promise<Answered> {
    // The address may be another one now, of the same cluster or of another. Where the run was asked for nobody takes it for a new one.
    const first = new Cluster({ ...this.#config, url: this.#kept.url }, cut);
    let cluster = this.#kept.accepted ? new Cluster(this.#config, cut) : first;
    cut.addEventListener('abort', () => this.#wake());
    this.#parts.began();
    const refusal = this.#kept.accepted ? undefined : await this.#start(first, cut);
    if (refusal) return refusal;
    const { run_id, function: name } = this.#parts.record;
    const look = async (): Promise<Answered | undefined> => {
      // A run that has ended meanwhile takes no stop any more.
      const untold = await this.#tellStop(cluster).then(() => undefined, (error: unknown) => ({ error }));
      const output = await cluster.output(run_id).catch((error: unknown) => {
        if (cluster === first || !(error instanceof ClusterError) || error.code !== 'E_CLUSTER_LOST') throw error;
        cluster = first;
        return cluster.output(run_id);
      });
      // After the end there are no more of them.
      if (name === MAP) await this.#readItems(cluster, item);
      if (output) return this.#ended(output);
      if (untold) throw untold.error;
      this.#show(await cluster.status(run_id), progress);
      return undefined;
    };
    for (;;) {
      const ended = await this.#unlessAway(look, cut);
      if (ended) return ended;
      await this.#pause(cut);
    }
  }

  stop(reason: string): void {
    if (this.#kept.stop !== undefined) return;
    this.#kept.stop = reason;
    this.#note();
    this.#wake();
  }

  heard({ ended, running, total }: Progress): void {
    this.#parts.seen.tasks.stands({ ended, running, total }, this.nowMs);
  }

  leave(): void {
    this.#wake();
  }

  async close(): Promise<string[]> {
    // The run itself has stopped its sessions.
    return [];
  }

  /**
   * Asks for the run until there is an answer. Where nothing has ever reached the cluster it is refused at once; otherwise it may have
   * begun, and nothing else tells that but the same question: also of a run that is to be stopped.
   */
  async #start(cluster: Cluster, cut: AbortSignal): Promise<Answered | undefined> {
    const { record, store, nothing } = this.#parts;
    const request = store?.asked(record.run_id);
    if (request === undefined) throw new Broken('E_CLUSTER_LOST', 'what the cluster was to be asked for was not kept');
    const ask = async (): Promise<Answered | true> => {
      const refuse = (errors: unknown[]): Answered => {
        nothing();
        return { tag: 'refused', val: JSON.stringify({ errors }) };
      };
      try {
        const errors = await cluster.start(request);
        if (errors) return refuse(errors);
      } catch (error) {
        if (!(error instanceof ClusterError) || this.#wasAsked) throw error;
        if (!error.isAway || !error.wasAsked) return refuse([error.problem]);
        this.#wasAsked = true;
        throw error;
      }
      this.#kept.accepted = true;
      store?.accepted(record);
      return true;
    };
    for (;;) {
      const answer = await this.#unlessAway(ask, cut);
      if (answer) return answer === true ? undefined : answer;
      await this.#pause(cut);
    }
  }

  /** What came of it; undefined if the cluster is away, which passes. */
  async #unlessAway<T>(work: () => Promise<T>, cut: AbortSignal): Promise<T | undefined> {
    try {
      const done = await work();
      this.trouble = undefined;
      return done;
    } catch (error) {
      if (cut.aborted) throw new Broken('E_CUT_OFF', CUT_OFF);
      if (!(error instanceof ClusterError)) throw error;
      if (error.isEnd) throw new Broken(error.code, error.message);
      if (this.trouble === undefined) this.#parts.warn(`${error.message}; it is asked again`);
      this.trouble = error.message;
      return undefined;
    }
  }

  async #tellStop(cluster: Cluster): Promise<void> {
    const { stop, stopped } = this.#kept;
    if (stop === undefined || stopped) return;
    await cluster.stop(this.#parts.record.run_id, stop);
    this.#kept.stopped = true;
    this.#note();
  }

  async #readItems(cluster: Cluster, keep: Listeners['item']): Promise<void> {
    for (;;) {
      const lines = await cluster.items(this.#parts.record.run_id, this.#items);
      if (lines.length === 0) return;
      for (const document of lines) keep({ item: Number(fields(JSON.parse(document))['item']), document });
      this.#items += lines.length;
    }
  }

  #show({ progress, counts }: Standing, show: Listeners['progress']): void {
    if (!progress) return;
    this.counts = counts;
    const number = (name: string) => Number(progress[name] ?? 0);
    show({
      seq: BigInt(number('seq')),
      atMs: BigInt(number('at_ms')),
      task: text(progress['task']) ?? '',
      agentType: text(progress['agent_type']) ?? '',
      status: (text(progress['status']) ?? 'running') as Progress['status'],
      ended: number('ended'),
      running: number('running'),
      total: number('total'),
    });
  }

  #ended(output: Fields): Answered {
    const [answer, refused, reasons] = [text(output['Answer']), text(output['Refused']), list(output['NoGateway'])];
    if (refused !== undefined) return { tag: 'refused', val: refused };
    if (reasons.length > 0) throw new Broken('E_CLUSTER_NO_GATEWAY', `no gateway of the cluster takes sessions: ${reasons.join('; ')}`);
    if (answer === undefined) throw new Broken('E_CLUSTER_FORM', 'the cluster gave a reply of another form');
    const { census, run } = fields(JSON.parse(answer));
    // That of a run over items stands with what it says of its tasks.
    const { tasks: _, ...counts } = fields(census ?? fields(run)['census']);
    this.counts = counts as Record<string, number>;
    return { tag: 'answer', val: answer };
  }

  #note(): void {
    const { record, store } = this.#parts;
    try {
      store?.note(record);
    } catch {
      // Then it holds for as long as this process does.
    }
  }

  /** Until it is time for the next question, or something is to be said. */
  #pause(cut: AbortSignal): Promise<void> {
    if (cut.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PAUSE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
