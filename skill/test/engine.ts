/**
 * The plugin's engine for `parallel-agents dev compare`: the component in the plugin's own worker, with the simulator's
 * world in place of a gateway. Input and output are lines of JSON; host-sim/src/foreign.rs has their form.
 */

import { createInterface } from 'node:readline';

import { Broken, call } from '../src/call.ts';
import type { Call, Command, Event, ItemResult, Progress } from '../src/contract.ts';

const WORKER = new URL('../dist/worker.js', import.meta.url);

/** Numbers of 64 bits, by the names of their fields. Counts of 32 bits stay numbers. */
const LONG = new Set(['seq', 'at_ms', 'request', 'seed', 'retry_after_ms', 'input_tokens', 'output_tokens']);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

class World {
  #commands: unknown[] = [];

  perform(command: Command): void {
    this.#commands.push(commandOut(command));
  }

  answered(): void {}

  progress(progress: Progress): void {
    this.#commands.push({ Progress: record(progress) });
  }

  item(item: ItemResult): void {
    this.#commands.push({ Item: record(item) });
  }

  async next(untilMs: bigint | undefined): Promise<Event> {
    this.say({ next: untilMs ?? null });
    return eventIn((await read()).event);
  }

  say(then: object): void {
    write({ commands: this.#commands.splice(0), then });
  }
}

for (let told = await read(); told !== undefined; told = await read()) {
  const world = new World();
  const { function: name, arguments: document } = told.call as Call;
  try {
    const tells = [(progress: Progress) => world.progress(progress), (item: ItemResult) => world.item(item)] as const;
    const reply = await call(WORKER, { function: name, arguments: document }, world, ...tells);
    world.say({ [reply.tag]: reply.val });
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    world.say({ broken: `${error.code}: ${error.message}` });
  }
}

async function read(): Promise<any> {
  const { value, done } = await lines.next();
  return done ? undefined : JSON.parse(value, revive as Parameters<typeof JSON.parse>[1]);
}

function revive(key: string, value: unknown, context: { source?: string }): unknown {
  return typeof value === 'number' && LONG.has(key) && context.source ? BigInt(context.source) : value;
}

function write(said: object): void {
  const raw = (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON;
  const text = JSON.stringify(said, (_, value) => (typeof value === 'bigint' ? raw(String(value)) : value));
  process.stdout.write(`${text}\n`);
}

function commandOut(command: Command): object {
  const { request } = command;
  switch (command.kind) {
    case 'spawn': {
      const { form, ...options } = command.options;
      const wanted = form.tag === 'text' ? 'Text' : { Json: form.val ?? null };
      return { Spawn: [request, { ...record(options), form: wanted }] };
    }
    case 'list':
      return { List: [request, record(command.filter)] };
    case 'history':
      return { History: [request, record(command.query)] };
    case 'cancel':
      return { Cancel: [request, command.session] };
    case 'attach':
      return { Watch: [request, command.session] };
    case 'delete':
      return { Delete: [request, command.session] };
  }
}

/** The fields under Rust's names. */
function record(fields: object): object {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [snake(name), value]));
}

/** Fields under jco's names, and what is missing as `undefined`, at every depth. */
function camel(value: any): any {
  if (value === null) return undefined;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(camel);
  const name = (name: string) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [name(key), camel(inner)]));
}

/** `RateLimited` is `rate-limited`. Of two names, Rust writes those that journals have. */
function kebab(name: string): string {
  if (name === 'Woke') return 'timer-fired';
  if (name === 'Watched') return 'attached';
  return name.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

/** A case of a variant, with its value if it has one. */
function variant(value: any): any {
  if (typeof value === 'string') return { tag: kebab(value) };
  const [[name, val]] = Object.entries(value) as [[string, any]];
  return { tag: kebab(name), val };
}

function eventIn(raw: unknown): Event {
  const { seq, atMs, what } = camel(raw);
  const kind = variant(what);
  const { val } = kind;
  if (kind.tag === 'answered') {
    const { Ok: ok, Err: err } = val.outcome;
    val.outcome = err === undefined ? { tag: 'ok', val: replyIn(ok) } : { tag: 'err', val: variant(err) };
  } else if (kind.tag === 'session-ended') {
    val.outcome = variant(val.outcome);
    if (val.outcome.tag === 'failed') val.outcome.val.kind = kebab(val.outcome.val.kind);
    if (val.completion) val.completion.finish = kebab(val.completion.finish);
  }
  return { seq, atMs, what: kind };
}

function replyIn(raw: unknown): any {
  const reply = variant(raw);
  for (const message of reply.val?.messages ?? []) {
    message.role = kebab(message.role);
    message.finish = kebab(message.finish);
  }
  for (const row of reply.val?.sessions ?? []) row.state = kebab(row.state);
  return reply;
}
