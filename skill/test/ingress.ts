/** The ingress of a cluster's Restate server, with the answers that docs/scale-out.md promises. */

import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Kept {
  request: any;
  /** What was asked to be stopped, and why. */
  stops: string[];
  items: string[];
  status: object;
  output: object | undefined;
}

export class FakeIngress {
  readonly runs = new Map<string, Kept>();
  /** All paths that were asked for, in order. */
  readonly asked: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  /** What is done in place of an answer: a status with words, or `lose` it after the work is done. */
  spoil: (path: string) => [number, unknown] | 'lose' | undefined = () => undefined;
  /** What is wrong with requests. */
  errors: object[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const path = decodeURIComponent(request.url ?? '');
      this.asked.push(path);
      this.authorizations.push(request.headers.authorization);
      const body = await read(request);
      const spoilt = this.spoil(path);
      const [status, answer] = Array.isArray(spoilt) ? spoilt : this.#answer(path, body);
      if (spoilt === 'lose') return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json' }).end(answer === undefined ? '' : JSON.stringify(answer));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** The one run that there is. */
  get run(): Kept | undefined {
    return [...this.runs.values()][0];
  }

  count(path: string): number {
    return this.asked.filter((asked) => asked === path).length;
  }

  #answer(path: string, body: string): [number, unknown] {
    if (path === '/Runs/start') return [200, this.#begin(JSON.parse(body))];
    const [, key = '', handler] = /^\/(?:restate\/workflow\/)?Run\/([^/]+)\/(\w+)$/.exec(path) ?? [];
    const run = this.runs.get(key);
    switch (handler) {
      case 'status':
        return [200, run?.status ?? { progress: null, live: [], counts: {} }];
      case 'items':
        return [200, (run?.items ?? []).slice(JSON.parse(body), JSON.parse(body) + 2)];
      case 'control':
        run?.stops.push(JSON.parse(body).Stop);
        return [200, undefined];
      case 'output':
        if (!run) return [404, { message: 'not found' }];
        return run.output ? [200, run.output] : [470, { message: 'not ready' }];
    }
    return [404, { message: 'no such service' }];
  }

  #begin(request: any): object {
    if (this.errors.length > 0) return { ok: false, errors: this.errors };
    const known = this.runs.get(request.key);
    if (known) return { ok: true, new: false };
    this.runs.set(request.key, { request, stops: [], items: [], status: { progress: null, live: [], counts: {} }, output: undefined });
    return { ok: true, new: true };
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += piece;
  return text;
}

/** What a run over so many tasks gives in the end. */
export function report(completed: number, failed = 0): object {
  const results = Array.from({ length: completed }, (_, at) => ({ task_id: `task-${at + 1}`, agent_type: 'code_reviewer', status: 'completed', output: 'fine' }));
  const tasks = completed + failed;
  const census = { tasks, completed, failed, timeout: 0, cancelled: 0, skipped: 0 };
  return { Answer: JSON.stringify({ status: failed > 0 ? 'partial' : 'completed', results, census }) };
}

/** How far a run is. */
export function standing(ended: number, total: number): object {
  const task = { seq: ended, at_ms: 5, task: `task-${ended}`, agent_type: 'code_reviewer', status: 'completed' };
  return { progress: { ...task, ended, running: 1, total }, live: [['a', 1]], counts: { completed: ended - 1, failed: 1 } };
}
