// A host of a page whose every answer a test decides.

import { createServer } from 'node:http';

import { withDocument } from '../../skill/src/page.ts';

/**
 * Serves a page. `answer(what, url)` says what is answered to "data", "text" or "find": a value, or [status, text, type] for a refusal.
 * `asked` counts the questions. Behind `frame` the page is in a frame as the tab of the Control UI has one.
 */
export async function hosted(answer, file = 'report.html') {
  const asked = { page: 0, data: 0, text: 0, find: 0 };
  const feed = { url: 'data?', texts: 'text?', find: 'find?' };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const what = url.pathname.slice(1);
    const headers = { 'cache-control': 'no-store', 'access-control-allow-origin': 'null' };
    const say = (status, type, body) => response.writeHead(status, { ...headers, 'content-type': type }).end(body);
    const html = (page) => say(200, 'text/html; charset=utf-8', page);
    if (what === 'frame') return html('<!doctype html><title>Tab</title><iframe sandbox="allow-scripts" src="/" width="1400" height="800"></iframe>');
    if (what === '') {
      asked.page += 1;
      return html(withDocument(file, JSON.stringify({ format: 1, feed })));
    }
    if (!(what in asked)) return say(204, 'text/plain', '');
    asked[what] += 1;
    const given = await answer(what, url);
    if (Array.isArray(given)) say(given[0], given[2] ?? 'text/plain; charset=utf-8', given[1]);
    else if (typeof given === 'string') say(200, 'text/plain; charset=utf-8', given);
    else say(200, 'application/json', JSON.stringify(given));
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, asked, close };
}

/** What a host tells first of a run that goes on. Tasks: [name, status]; sessions: [task, fields of its record]. */
export function running(tasks, sessions, { revision = '1', nowMs = 10_000, state = 'running' } = {}) {
  const record = ([id, fields]) => ({ session_key: `key ${id}`, label: `code_reviewer ${id} [01234567]`, model: 'sim/standard', asked_ms: 0, started_ms: 0, ended_ms: null, outcome: null, usage: null, answer_is_cut: false, prompt_chars: 100, answer_chars: 0, ...fields });
  return {
    now_ms: nowMs,
    revision,
    goes_on: false,
    more: false,
    document: { format: 1, function: 'run_tasks', live: { state, now_ms: nowMs, ended: 0, running: tasks.length, total: tasks.length } },
    tasks: tasks.map(([id, status], place) => [place, { task_id: id, agent_type: 'code_reviewer', status, at_ms: 0 }]),
    sessions: sessions.map((one, place) => [place, record(one)]),
  };
}

/** A run that has ended, in which each task failed with this code. */
export function ended(tasks, code) {
  const log = (id) => [{ number: 1, kind: 'first', status: 'failed', started_ms: 0, ended_ms: 10, session_key: `key ${id}` }];
  const results = tasks.map((id) => ({ task_id: id, agent_type: 'code_reviewer', status: 'failed', error: { code, message: 'No.' }, metadata: { attempt_log: log(id) } }));
  const sessions = tasks.map((id) => ({ session_key: `key ${id}`, label: `code_reviewer ${id} [01234567]`, asked_ms: 0, prompt_chars: 100, answer_chars: 10 }));
  return { now_ms: 10, revision: 'ended', document: { format: 1, function: 'run_tasks', report: { status: 'failed', results }, sessions } };
}

/** How a page complains on the console of refusals and connections that a test wants. */
export function unwanted(wrong) {
  return wrong.filter((words) => !words.startsWith('Failed to load resource'));
}
