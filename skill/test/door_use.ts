/** Calls of the door as a program makes them, and a gateway that restarts. */

import assert from 'node:assert/strict';

import { TOOLS, createTool } from '../src/tool.ts';
import { FakeOpenClaw } from './openclaw.ts';
import { misfits } from './schema.ts';
import { directory } from './use.ts';

export const SESSION = 'agent:main:door';

const described = TOOLS.find(({ name }) => name === 'parallel_agents_door');
assert.ok(described);
const DESCRIBED = described;

export interface Made {
  config?: Record<string, unknown>;
  /** The gateway's own configuration. */
  runtime?: object;
  state?: string;
}

/** A gateway with a door, and a program that knocks at it. */
export class Program {
  readonly openclaw = new FakeOpenClaw();
  readonly state: string;
  readonly warned: string[] = [];
  #runtime: object;
  readonly #config: Record<string, unknown>;

  constructor({ config = { door: { session: SESSION } }, runtime = {}, state = directory() }: Made = {}) {
    this.openclaw.owner = SESSION;
    this.#config = config;
    this.#runtime = runtime;
    this.state = state;
  }

  /** What the door answers. */
  async ask(given: object, context: object = {}, turn?: string): Promise<any> {
    const api = this.openclaw.api(this.#config);
    api.logger = { warn: (message) => void this.warned.push(message) };
    api.runtime = { ...api.runtime, state: { resolveStateDir: () => this.state } };
    const tool = createTool(DESCRIBED, {
      api,
      context: { ...this.openclaw.context, sessionKey: SESSION, getRuntimeConfig: () => this.#runtime, ...context },
      outside: (work) => work(),
      runOf: () => turn,
      loadTools: async () => () => this.openclaw.tools(),
      notices: () => undefined,
    });
    const { details } = await tool.execute('http-1', given);
    assert.deepEqual(misfits(tool.outputSchema, details), []);
    return details;
  }

  /** The result of an answer that is no refusal. */
  async do(given: object): Promise<any> {
    const reply = await this.ask(given);
    assert.ok(reply.ok, JSON.stringify(reply));
    return reply.result;
  }

  /** The one error of a refusal. */
  async refused(given: object, context: object = {}, turn?: string): Promise<any> {
    const reply = await this.ask(given, context, turn);
    assert.equal(reply.state, 'refused', JSON.stringify(reply));
    assert.equal(reply.errors.length, 1, JSON.stringify(reply.errors));
    return reply.errors[0];
  }

  spawn(key: string, more: object = {}): Promise<any> {
    return this.do({ action: 'spawn', key, task: `Do ${key}.`, label: `label ${key}`, ...more });
  }

  /** What a gateway that is killed and restarted does: it forgets all that is in no file. */
  restart(): void {
    (globalThis as any)[Symbol.for('parallel-agents.door')].clear();
    this.#runtime = { ...this.#runtime };
  }
}

/** The parameters of a spawn, for what is refused. */
export const asked = (key: string, more: object = {}) => ({ action: 'spawn', key, task: `Do ${key}.`, label: `label ${key}`, ...more });
