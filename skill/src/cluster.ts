/**
 * What is asked of a cluster: single requests at the ingress of its Restate server, in the form that docs/scale-out.md has. Nothing
 * of gateways, places or tries is known here.
 */

import type { ClusterConfig, Problem } from './config.ts';
import { problem } from './replies.ts';
import { type Fields, errorText, fields, list, text } from './values.ts';

/** How long an answer may take that nothing has to happen for. A start comes with its request, which may be large. */
const START_MS = 120_000;
const ANSWER_MS = 30_000;

/** Restate's own status: a run has not ended. */
const NOT_YET = 470;

/** And those of a run that was killed or broke off there. */
const BROKE_OFF = [409, 500];

/** Of a proxy, or of a server that is starting: the same may be answered after a while. */
const AWAY = [408, 429, 500, 502, 503, 504];

/** Errors of connections that never were, so that nothing was asked: those of TLS come before the request, whatever the certificate lacks. */
export const NOT_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|EPROTO|ERR_(TLS|SSL)_.*|CERT_.*|SELF_SIGNED_.*|DEPTH_ZERO_.*|UNABLE_TO_.*)$/;

/** Characters of somebody's words that a message repeats. */
const MOST_WORDS = 300;

/** Why a cluster did not do what it was asked for. */
export class ClusterError extends Error {
  readonly code: 'E_CLUSTER_AWAY' | 'E_CLUSTER_REFUSED' | 'E_CLUSTER_FORM' | 'E_CLUSTER_LOST' | 'E_CLUSTER_FAILED';
  /** False: nothing has reached it, so nothing has happened. */
  readonly wasAsked: boolean;
  readonly hint: string | undefined;

  constructor(code: ClusterError['code'], message: string, wasAsked = true, hint?: string) {
    super(message);
    this.code = code;
    this.wasAsked = wasAsked;
    this.hint = hint;
  }

  /** It is the run itself that is over; anything else a proxy or a wrong setting may have said, and the run goes on. */
  get isEnd(): boolean {
    return this.code === 'E_CLUSTER_LOST' || this.code === 'E_CLUSTER_FAILED';
  }

  /** The same may be answered after a while. */
  get isAway(): boolean {
    return this.code === 'E_CLUSTER_AWAY';
  }

  get problem(): Problem {
    return problem(this.code, this.message, '', this.hint);
  }
}

/** How far a run is. */
export interface Standing {
  /** What was said last of its tasks; nothing before the first has begun. */
  progress: Fields | undefined;
  /** How many tasks have ended in which way. */
  counts: Record<string, number>;
}

export class Cluster {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #cut: AbortSignal;

  /** With `cut` what is being asked is given up. */
  constructor({ url, tokenEnv }: Pick<ClusterConfig, 'url' | 'tokenEnv'>, cut: AbortSignal) {
    this.#url = url.replace(/\/+$/, '');
    this.#headers = tokenEnv === undefined ? {} : { authorization: `Bearer ${process.env[tokenEnv] ?? ''}` };
    this.#cut = cut;
  }

  /** Starts a run, once for its key: the same again is the same run. What is wrong with the request; nothing if the run is there. */
  async start(request: string): Promise<unknown[] | undefined> {
    const { status, said } = await this.#ask(['Runs', 'start'], request, START_MS);
    if (status === 404)
      throw new ClusterError('E_CLUSTER_REFUSED', `${this.#url} has no worker that starts runs`, true, 'start one of this version: parallel-agents-cluster serve');
    const { ok, errors } = fields(this.#good(status, said));
    if (ok !== true && list(errors).length === 0) throw this.#form();
    return ok === true ? undefined : list(errors).map(ofRequest);
  }

  async status(key: string): Promise<Standing> {
    const { status, said } = await this.#ask(['Run', key, 'status']);
    const { progress, counts } = fields(this.#good(status, said));
    return { progress: progress ? fields(progress) : undefined, counts: fields(counts) as Record<string, number> };
  }

  /** Items that have become final, from this one on, in the order in which they did. Nothing: that is all so far. */
  async items(key: string, from: number): Promise<string[]> {
    const { status, said } = await this.#ask(['Run', key, 'items'], String(from));
    return list(this.#good(status, said)).map(String);
  }

  /** Has a run stopped. */
  async stop(key: string, reason: string): Promise<void> {
    const { status, said } = await this.#ask(['Run', key, 'control'], JSON.stringify({ Stop: reason }));
    this.#good(status, said);
  }

  /** What a run came to; undefined if it has not ended. */
  async output(key: string): Promise<Fields | undefined> {
    const { status, said } = await this.#ask(['restate', 'workflow', 'Run', key, 'output'], undefined, START_MS, 'GET');
    if (status === NOT_YET) return undefined;
    const isRestates = text(fields(parsed(said))['message']) !== undefined;
    if (status === 404 && isRestates)
      throw new ClusterError('E_CLUSTER_LOST', `the cluster at ${this.#url} does not know the run ${key}; it keeps replies for seven days`);
    if (BROKE_OFF.includes(status) && isRestates) throw new ClusterError('E_CLUSTER_FAILED', `the run ${key} broke off in the cluster: ${wordsOf(said)}`);
    return fields(this.#good(status, said));
  }

  /** The document of an answer. */
  #good(status: number, said: string): unknown {
    if (status < 200 || status > 299) {
      const hint = status === 401 || status === 403 ? 'this is for the operator: cluster.tokenEnv names the variable with the token' : undefined;
      const code = AWAY.includes(status) ? 'E_CLUSTER_AWAY' : 'E_CLUSTER_REFUSED';
      throw new ClusterError(code, `the cluster at ${this.#url} answers with HTTP ${status}: ${wordsOf(said)}`, true, hint);
    }
    const document = said.trim() === '' ? null : parsed(said);
    if (document === undefined) throw this.#form();
    return document;
  }

  #form(): ClusterError {
    return new ClusterError('E_CLUSTER_FORM', `the cluster at ${this.#url} gave an answer of another form; is this the ingress of its Restate server?`);
  }

  async #ask(path: string[], body?: string, millis = ANSWER_MS, method = 'POST'): Promise<{ status: number; said: string }> {
    const url = `${this.#url}/${path.map(encodeURIComponent).join('/')}`;
    const headers = { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const signal = AbortSignal.any([this.#cut, AbortSignal.timeout(millis)]);
    try {
      const answer = await fetch(url, { method, headers, body, signal, redirect: 'manual' });
      return { status: answer.status, said: await answer.text() };
    } catch (error) {
      const cause = fields(fields(error)['cause']);
      const wasAsked = !NOT_CONNECTED.test(text(cause['code']) ?? '');
      const why = text(cause['code']) ?? text(cause['message']) ?? errorText(error);
      throw new ClusterError('E_CLUSTER_AWAY', `the cluster at ${this.#url} cannot be reached (${why})`, wasAsked);
    }
  }
}

/** A problem with its place in the request that somebody has made here. */
function ofRequest(problem: unknown): Fields {
  const { path, ...rest } = fields(problem);
  return { ...rest, path: (text(path) ?? '').replace(/^\/request(?=\/|$)/, '') };
}

/** Restate's own words for an error, or what somebody else has said in its place. */
function wordsOf(said: string): string {
  return (text(fields(parsed(said))['message']) ?? said).slice(0, MOST_WORDS);
}

function parsed(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return undefined;
  }
}
