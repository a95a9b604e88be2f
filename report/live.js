'use strict';
// A run that has no report: it goes on, or was cut off. What is known of it is what the host heard.
//
// The document's "live", as feed.js puts it together: {"state": "running", "interrupted" or "broken", "now_ms", "ended", "running", "total",
// "tasks": [{"task_id", "agent_type", "status", "at_ms"}]}. Its sessions have no texts, only how long these are.

/** What the views show of it, in the form of a run that has ended. */
function readLive({ function: name, live, sessions, about = null }) {
  const byTask = new Map();
  for (const session of sessions ?? []) {
    const [, label, nth] = /^(.*?)(?: #(\d+))?$/s.exec(bare(session.label));
    // A label has no room for long names; what was kept by an earlier release has nothing else.
    const [name, number] = typeof session.task_id === 'string' ? [`task ${session.task_id}`, session.number] : [`label ${label}`, Number(nth ?? 1)];
    if (!byTask.has(name)) byTask.set(name, []);
    byTask.get(name).push(readSession(session, number, live));
  }
  const sessionsOfTask = ({ agent_type: agent, task_id: id }) => [`label ${agent} ${id}`, `task ${id}`].flatMap((name) => byTask.get(name) ?? []);
  const tasks = live.tasks.map((seen, index) => readSeen(seen, index, sessionsOfTask(seen), live));
  link(tasks, () => false);
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
    peak: peakOf(steps),
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
    label: session.label,
  };
}

function readSeen({ task_id: id, agent_type: agent, status, at_ms: atMs }, index, attempts, live) {
  const isOver = ENDS.includes(status);
  const endMs = isOver ? atMs : live.now_ms;
  return {
    index,
    id: String(id),
    item: itemOf(String(id)),
    agent: String(agent),
    status: STATUSES.includes(status) ? status : 'pending',
    error: null,
    // It is told with the report.
    output: undefined,
    outputBytes: 0,
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
