'use strict';
// A run that has no report: it goes on, or was cut off. What is known of it is what the host heard.
//
// The document's "live": {"state": "running", "interrupted" or "broken", "now_ms", "ended", "running", "total",
// "tasks": [{"task_id", "agent_type", "status", "at_ms"}]}. Its sessions have no texts, only how long these are.

/** What the views show of it, in the form of a run that has ended. */
function readLive({ function: name, live, sessions, about = null }) {
  const byTask = new Map();
  for (const session of sessions ?? []) {
    const [, label, number] = /^(.*?)(?: #(\d+))?$/s.exec(bare(session.label));
    byTask.set(label, [...(byTask.get(label) ?? []), readSession(session, Number(number ?? 1), live)]);
  }
  const tasks = live.tasks.map((seen, index) => readSeen(seen, index, byTask.get(`${seen.agent_type} ${seen.task_id}`) ?? [], live));
  link(tasks, false);
  const attempts = [...byTask.values()].flat();
  const steps = liveOverTime(attempts);
  const census = Object.fromEntries(count(tasks, ({ status }) => status));
  const total = Math.max(live.total ?? 0, tasks.length);
  if (total > tasks.length) census.pending = (census.pending ?? 0) + total - tasks.length;
  return {
    name,
    reply: null,
    report: { census, usage: sum(attempts) ?? undefined, usage_complete: attempts.every(({ usage, status }) => usage || status === 'running') },
    isWorkflow: false,
    problems: [],
    status: live.state,
    tasks,
    attempts,
    live: steps,
    peak: Math.max(...steps.map((point) => point.live)),
    elapsedMs: live.now_ms,
    endMs: Math.max(1, live.now_ms),
    chain: [],
    isLive: true,
    ended: live.ended,
    total,
    leftMs: live.state === 'running' ? leftOf(attempts, total - live.ended) : null,
    about,
  };
}

function readSession(session, number, live) {
  const isOver = session.ended_ms !== null;
  const endMs = Math.max(session.asked_ms, session.ended_ms ?? live.now_ms);
  return {
    number,
    kind: number === 1 ? 'first' : 'again',
    tier: null,
    requested: session.model,
    model: session.model,
    status: isOver ? (session.outcome ?? 'ended') : live.state === 'running' ? 'running' : 'interrupted',
    error: null,
    usage: session.usage ?? null,
    costMicroUsd: null,
    startMs: session.asked_ms,
    runMs: session.started_ms === null ? endMs : Math.min(Math.max(session.started_ms, session.asked_ms), endMs),
    endMs,
    key: session.session_key,
    prompt: textLater(session.label, 'prompt', session.prompt_chars),
    answer: textLater(session.label, 'answer', session.answer_chars),
    answerIsCut: session.answer_is_cut,
  };
}

function readSeen({ task_id: id, agent_type: agent, status, at_ms: atMs }, index, attempts, live) {
  const isOver = ENDS.includes(status);
  const endMs = isOver ? atMs : live.now_ms;
  return {
    index,
    id: String(id),
    agent: String(agent),
    status: STATUSES.includes(status) ? status : 'pending',
    error: null,
    // It is told with the report.
    output: undefined,
    dependencyIds: [],
    dependencies: [],
    dependants: [],
    askedMs: 0,
    readyMs: 0,
    startMs: attempts[0]?.startMs ?? null,
    endMs: Math.max(endMs, ...attempts.map((attempt) => attempt.endMs)),
    attempts,
    decisions: [],
    costMicroUsd: null,
    usage: sum(attempts),
    tier: null,
    model: attempts.at(-1)?.model ?? null,
    notes: [],
  };
}

/** What the sessions of a list used; null if none said. */
function sum(attempts) {
  const said = attempts.map(({ usage }) => usage).filter(Boolean);
  const all = (name) => said.reduce((total, usage) => total + (usage[name] ?? 0), 0);
  return said.length > 0 ? { input_tokens: all('input_tokens'), output_tokens: all('output_tokens') } : null;
}

/** About how long it takes until so many further tasks have ended, if they take as long as sessions did so far. */
function leftOf(attempts, rest) {
  const took = attempts.filter(({ status }) => status === 'completed').map(({ startMs, endMs }) => endMs - startMs);
  const alive = attempts.filter(({ status }) => status === 'running').length;
  if (took.length === 0 || rest <= 0) return null;
  return (took.reduce((all, ms) => all + ms, 0) / took.length) * (rest / Math.max(1, alive));
}

/** Where further documents come from. None: the page shows what is in it. */
let feed = null;

/** A text that is read when somebody wants to see it; null if there is none. */
function textLater(label, part, length) {
  if (!length || !feed) return null;
  const read = async () => {
    const answer = await fetch(`${feed.texts}&session=${encodeURIComponent(label)}&part=${part}`, ASKING);
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.text();
  };
  return { length, read };
}

/** A feed has a key of its own, and is asked for without cookies. */
const ASKING = { cache: 'no-store', credentials: 'omit' };
/** The longest pause between two questions. */
const SLOW_MS = 5_000;
/** A page that is older than this and whose key is not taken is loaded again, which gives it another. */
const OLD_MS = 60_000;

/** Asks a feed for further documents for as long as there may be any, and shows each. `show` says after how many ms to ask again. */
function follow(wanted, show) {
  feed = wanted;
  const began = performance.now();
  let revision = '';
  let document_ = null;
  let failures = 0;
  const later = (ms) => setTimeout(() => (document.hidden ? document.addEventListener('visibilitychange', ask, { once: true }) : ask()), ms);
  const ask = async () => {
    try {
      const answer = await fetch(`${feed.url}&rev=${encodeURIComponent(revision)}`, ASKING);
      if (answer.status === 401 && performance.now() - began > OLD_MS) return location.reload();
      if (!answer.ok) throw new Error(`${answer.status}`);
      const next = await answer.json();
      if (next.document) [document_, revision] = [next.document, next.revision];
      else if (document_?.live) document_.live.now_ms = next.now_ms;
      failures = 0;
      at('notice').hidden = true;
      const pause = show(document_);
      if (pause !== null) later(pause);
    } catch {
      failures += 1;
      at('notice').hidden = false;
      at('notice').textContent = 'What is shown here may be old: there is no connection. Trying again.';
      later(Math.min(SLOW_MS, 500 * 2 ** failures));
    }
  };
  ask();
}
