/**
 * The pages of runs over HTTP, and their tab in OpenClaw's Control UI.
 *
 * The gateway itself lets people in to the pages: the tab's frame by a grant of the Control UI, others by their token. The frame is
 * a sandbox without an origin, whose questions carry no cookie. So a page is given a key, and asks for its documents with that.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { MANIFEST } from './config.ts';
import { listDocument, runDocument, sessionsWith, textOf } from './live_page.ts';
import { type PluginApi, caller } from './openclaw.ts';
import { withDocument } from './page.ts';
import { errorText, fields, list, text } from './values.ts';

/** The address of the tab in the Control UI. */
const SLUG = MANIFEST.id;

const PAGES = `/plugins/${MANIFEST.id}/runs`;
const FEED = `/plugins/${MANIFEST.id}/feed`;

/**
 * How long a page may ask with its key; then it loads itself again, with what is set in it, and the gateway decides anew. No answer
 * brings another key: whoever got hold of one, or may not look any more, could go on with it for ever.
 */
const KEY_MS = 15 * 60_000;

/** Words of one search; more are not looked at. */
const MOST_WORDS = 16;

/** OpenClaw's own, where its configuration names none. */
const DEFAULT_PORT = 18789;

const PAGES_ARE_THERE = Symbol.for('parallel-agents.pages');

/** What it takes to see the runs of all sessions. */
const OWNER = 'operator.admin';
const READER = 'operator.read';

const shared = globalThis as { [key: symbol]: unknown };
const secret = (shared[Symbol.for('parallel-agents.page-secret')] ??= randomBytes(32)) as Buffer;

/** Where the Control UI is, as far as the gateway has said it; nothing where there are no pages. */
const UI = Symbol.for('parallel-agents.control-ui');
const ui = () => shared[UI] as { port?: number } | undefined;

/** The gateway listens here. */
export function notePort(port: number | undefined): void {
  if (port !== undefined) shared[UI] = { ...ui(), port };
}

/** The address of the tab on the gateway's own machine; undefined where there is none. */
export function tabLink(config: unknown): string | undefined {
  const { controlUi, tls, port } = fields(fields(config)['gateway']);
  const { enabled, basePath } = fields(controlUi);
  if (!hasPages() || enabled === false) return undefined;
  const base = (text(basePath) ?? '').replace(/\/+$/, '');
  const scheme = fields(tls)['enabled'] === true ? 'https' : 'http';
  return `${scheme}://127.0.0.1:${ui()?.port ?? port ?? DEFAULT_PORT}${base}/${SLUG}`;
}

function hasPages(): boolean {
  return shared[PAGES_ARE_THERE] === true;
}

/** Registers the pages and the tab, where this OpenClaw has such things. `who` says who is being answered. */
export function registerPages(api: PluginApi, who: () => Promise<unknown> = caller): void {
  const controls = api.session?.controls;
  if (!api.registerHttpRoute || !controls?.registerControlUiDescriptor) return;
  const answered = (work: (url: URL, request: IncomingMessage, response: ServerResponse) => Promise<void> | void) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
      try {
        await work(new URL(request.url ?? '/', 'http://localhost'), request, response);
      } catch (error) {
        api.logger.warn(`a page of runs could not be shown: ${errorText(error)}`);
        refuse(response, 500, 'The page could not be made; the log of the gateway says why.');
      }
      return true;
    };
  api.registerHttpRoute({
    path: PAGES,
    auth: 'gateway',
    match: 'prefix',
    gatewayRuntimeScopeSurface: 'trusted-operator',
    handler: answered((url, request, response) => showPage(url, request, response, who)),
  });
  api.registerHttpRoute({ path: FEED, auth: 'plugin', match: 'exact', handler: answered((url, request, response) => feed(api, url, request, response)) });
  controls.registerControlUiDescriptor({
    surface: 'tab',
    id: 'runs',
    label: MANIFEST.name,
    description: 'Runs of parallel agents: what goes on, and what came of it.',
    icon: 'list',
    group: 'agent',
    slug: SLUG,
    path: PAGES,
    requiredScopes: [OWNER],
  });
  shared[PAGES_ARE_THERE] = true;
}

async function showPage(url: URL, request: IncomingMessage, response: ServerResponse, who: () => Promise<unknown>): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'These pages can only be read.');
  if (!maySee(await who(), request.headers))
    return refuse(response, 403, `The runs of all sessions are for operators with ${OWNER}. Each session sees its own with the tool parallel_agents_runs.`);
  const run = url.searchParams.get('run');
  const key = newKey(Date.now());
  const asked = run === null ? `of=list&key=${key}` : `of=run&run=${encodeURIComponent(run)}&key=${key}`;
  const of = (what: string) => `feed?of=${what}&run=${encodeURIComponent(run ?? '')}&key=${key}`;
  const feed = { url: `feed?${asked}`, texts: of('text'), find: of('find') };
  const page = withDocument(run === null ? 'runs.html' : 'report.html', JSON.stringify({ format: 1, feed }));
  response.setHeader('content-security-policy', `${policyOf(page)}; frame-ancestors 'self'`);
  send(response, 200, 'text/html; charset=utf-8', request.method === 'HEAD' ? '' : page);
}

/**
 * Whether a caller may see the runs of all sessions. The gateway mints the grant of the tab's frame only for operators with that
 * scope, and lets the frame itself read and no more. Everybody else shows the scope itself.
 */
export function maySee(client: unknown, headers: IncomingMessage['headers']): boolean {
  const { connect, internal } = fields(client);
  const scopes = list(fields(connect)['scopes']);
  if (scopes.includes(OWNER)) return true;
  const declared = headers['x-openclaw-scopes'];
  const isGrant = headers.authorization === undefined && declared === undefined && headers.cookie !== undefined;
  return isGrant && scopes.length === 1 && scopes[0] === READER && fields(internal)['operatorRoleActor'] === undefined;
}

function feed(api: PluginApi, { searchParams: asked }: URL, request: IncomingMessage, response: ServerResponse): void {
  // A frame without an origin of its own is the one that asks; nobody can read anything without its key.
  response.setHeader('access-control-allow-origin', 'null');
  if (request.method !== 'GET') return refuse(response, 405, 'This can only be read.');
  if (!isKey(asked.get('key') ?? '', Date.now())) return refuse(response, 401, 'The key of this page is not valid any more: load it again.');
  const of = asked.get('of');
  if (of === 'text') {
    const words = textOf(api, asked.get('run') ?? '', asked.get('session') ?? '', asked.get('part') ?? '');
    return words === null ? refuse(response, 404, 'There is no such text.') : send(response, 200, 'text/plain; charset=utf-8', words);
  }
  if (of === 'find') {
    const words = asked.getAll('word').slice(0, MOST_WORDS);
    return send(response, 200, 'application/json', JSON.stringify({ sessions: sessionsWith(api, asked.get('run') ?? '', words) }));
  }
  const seen = asked.get('rev');
  const shown = of === 'list' ? listDocument(api, seen) : runDocument(api, asked.get('run') ?? '', seen);
  if (!shown) return refuse(response, 404, 'There is no such run.');
  const { revision, news, nowMs } = shown;
  send(response, 200, 'application/json', `{"now_ms":${nowMs}${news === undefined ? '' : `,"revision":${JSON.stringify(revision)},${news}`}}`);
}

/** A key for one page, which says until when it is one. */
export function newKey(now: number): string {
  const until = String(now + KEY_MS);
  return `${until}.${signed(until)}`;
}

export function isKey(key: string, now: number): boolean {
  const [until = '', signature = ''] = key.split('.');
  const [given, right] = [Buffer.from(signature), Buffer.from(signed(until))];
  return Number(until) > now && given.length === right.length && timingSafeEqual(given, right);
}

function signed(until: string): string {
  return createHmac('sha256', secret).update(`page until ${until}`).digest('base64url');
}

/** The page's own policy: its one script, by its hash, and nothing else. */
function policyOf(page: string): string {
  return /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "default-src 'none'";
}

function refuse(response: ServerResponse, status: number, why: string): void {
  send(response, status, 'text/plain; charset=utf-8', `${why}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status;
  response.setHeader('content-type', type);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('x-content-type-options', 'nosniff');
  response.end(body);
}
