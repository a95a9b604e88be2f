'use strict';
// What the views show, worked out from the document that the host embedded. Touches nothing of the page.
//
// The document: {"format": 1, "function": name, "report": the component's own, "sessions": what the host saw of each}.
// Times are milliseconds since the start of the run.

const STATUSES = ['completed', 'failed', 'timeout', 'cancelled', 'skipped'];

/** Reads the document; a report of another shape gives a run without tasks. */
function readRun(document) {
  const report = findReport(document?.report);
  const sessions = sessionsOf(document?.sessions ?? []);
  const tasks = (report.results ?? []).map((result, index) => readTask(result, index, sessions));
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const task of tasks) {
    task.dependencies = task.dependencyIds.map((id) => byId.get(id)).filter(Boolean);
    for (const dependency of task.dependencies) dependency.dependants.push(task);
  }
  for (const task of tasks) task.readyMs = Math.max(0, ...task.dependencies.map(({ endMs }) => endMs));
  const attempts = tasks.flatMap(({ attempts }) => attempts);
  const live = liveOverTime(attempts);
  // The report counts from the spawn call, also calls that brought no session.
  const peak = Math.max(report.peak_in_flight ?? 0, ...live.map((point) => point.live));
  const elapsedMs = Math.round((report.elapsed_seconds ?? 0) * 1000);
  const endMs = Math.max(1, elapsedMs, ...tasks.map((task) => task.endMs), ...attempts.map((attempt) => attempt.endMs));
  return { name: document?.function ?? 'run_tasks', report, tasks, attempts, live, peak, elapsedMs, endMs, chain: longestChain(tasks) };
}

/** The report itself, or that of the run inside a workflow's result. */
function findReport(report) {
  return [report, report?.run].find((value) => Array.isArray(value?.results)) ?? {};
}

/** The host's records by session key, and by label for spawns that brought no session. */
function sessionsOf(records) {
  const known = new Map();
  for (const record of records) {
    for (const name of [record.session_key, record.label && bare(record.label)]) {
      if (name && !known.has(name)) known.set(name, record);
    }
  }
  return known;
}

/** A label without the run's code behind it. */
function bare(label) {
  return label.replace(/ \[[^\]]*\]$/, '');
}

function readTask(result, index, sessions) {
  const about = result.metadata ?? {};
  const label = bare(about.label ?? '');
  const attempts = (about.attempt_log ?? []).map((record) => {
    const ownLabel = record.number > 1 ? `${label} #${record.number}` : label;
    return readAttempt(record, sessions.get(record.session_key) ?? sessions.get(ownLabel));
  });
  attempts.sort((one, other) => one.startMs - other.startMs || one.number - other.number);
  const began = attempts[0]?.startMs;
  const endMs = (about.queued_ms ?? 0) + Math.round((result.execution_time ?? 0) * 1000);
  return {
    index,
    id: String(result.task_id),
    agent: String(result.agent_type ?? ''),
    status: STATUSES.includes(result.status) ? result.status : 'failed',
    error: result.error ?? null,
    output: result.output ?? null,
    dependencyIds: about.dependencies ?? [],
    dependencies: [],
    dependants: [],
    readyMs: 0,
    startMs: began ?? null,
    endMs: Math.max(endMs, ...attempts.map((attempt) => attempt.endMs)),
    attempts,
    decisions: about.decisions ?? [],
    costMicroUsd: about.cost_micro_usd ?? null,
    usage: about.usage ?? null,
    tier: about.tier ?? null,
    model: about.model_applied ?? about.model_requested ?? null,
    notes: notesOf(about),
  };
}

function readAttempt(record, session) {
  const startMs = record.started_ms ?? 0;
  const endMs = Math.max(startMs, record.ended_ms ?? startMs);
  const started = session?.started_ms;
  return {
    number: record.number,
    kind: record.kind ?? 'first',
    tier: record.tier ?? null,
    requested: record.model_requested ?? null,
    model: record.model_applied ?? record.model_requested ?? null,
    status: record.status,
    error: record.error ?? null,
    usage: record.usage ?? null,
    costMicroUsd: record.cost_micro_usd ?? null,
    startMs,
    // Without word from the host a session counts as running from its spawn call.
    runMs: typeof started === 'number' ? Math.min(Math.max(started, startMs), endMs) : session?.asked_ms === undefined ? startMs : endMs,
    endMs,
    key: record.session_key ?? null,
    prompt: session?.prompt ?? null,
    answer: session?.answer ?? null,
    answerIsCut: session?.answer_is_cut ?? false,
  };
}

const NOTES = {
  truncated: 'The answer is not whole.',
  redacted: 'The host removed something from the answer.',
  unwrapped: 'Text around the JSON value was left out.',
  repaired: 'Comments or trailing commas were left out.',
  corrected: 'A session that only put the form right gave this answer.',
  model_mismatch: 'Another model ran than the one that was asked for.',
  deleted: 'The session was deleted, as the request asked.',
};

function notesOf(about) {
  return Object.keys(NOTES).filter((name) => about[name] === true).map((name) => NOTES[name]);
}

/** The chain of dependencies that ends last: each task with the dependency that it waited for longest. */
function longestChain(tasks) {
  const chain = [];
  let task = tasks.filter(({ dependencies }) => dependencies.length).reduce(later, undefined);
  while (task && !chain.includes(task)) {
    chain.unshift(task);
    task = task.dependencies.reduce(later, undefined);
  }
  return chain;
}

function later(one, other) {
  return one && one.endMs >= other.endMs ? one : other;
}

/** How many sessions are alive over time: [{atMs, live, again}], where `again` counts all but first sessions. */
function liveOverTime(attempts) {
  const changes = attempts.flatMap(({ startMs, endMs, kind }) => {
    const again = kind === 'first' ? 0 : 1;
    return [{ atMs: startMs, live: 1, again }, { atMs: endMs, live: -1, again: -again }];
  });
  changes.sort((one, other) => one.atMs - other.atMs);
  const points = [{ atMs: 0, live: 0, again: 0 }];
  for (const change of changes) {
    const last = points[points.length - 1];
    const next = { atMs: change.atMs, live: last.live + change.live, again: last.again + change.again };
    if (last.atMs === change.atMs) points[points.length - 1] = next;
    else points.push(next);
  }
  return points;
}

/** The depth of each task: 0 without dependencies, else one more than the deepest of them. */
function depths(tasks) {
  const known = new Map();
  const waiting = new Map(tasks.map((task) => [task, task.dependencies.length]));
  const ready = tasks.filter((task) => task.dependencies.length === 0);
  for (const task of ready) {
    known.set(task, Math.max(0, ...task.dependencies.map((dependency) => (known.get(dependency) ?? 0) + 1)));
    for (const dependant of task.dependants) {
      waiting.set(dependant, waiting.get(dependant) - 1);
      if (waiting.get(dependant) === 0) ready.push(dependant);
    }
  }
  return known;
}

function count(values, name) {
  const counts = new Map();
  for (const value of values) counts.set(name(value), (counts.get(name(value)) ?? 0) + 1);
  return counts;
}
