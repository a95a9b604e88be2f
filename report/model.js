'use strict';
// What the views show, worked out from the document that the host embedded. Touches nothing of the page.
//
// The document: {"format": 1, "function": name, "report": the component's own, "sessions": what the host saw of each}. Of a run
// without a report it has "live" in place of it, see live.js. Times are milliseconds since the start of the run.

/** How a task can have ended, and then what it can be before that. */
const ENDS = ['completed', 'failed', 'timeout', 'cancelled', 'skipped'];
const STATUSES = [...ENDS, 'running', 'pending'];

/** Reads the document; a reply of another shape gives a run without tasks. */
function readRun(document) {
  if (document?.live) return readLive(document);
  const reply = document?.report ?? null;
  const report = findReport(reply) ?? {};
  const isWorkflow = report === reply?.run;
  const sessions = sessionsOf(document?.sessions ?? [], document?.heads ?? []);
  const tasks = (report.results ?? []).map((result, index) => readTask(result, index, sessions));
  // A run over items asks for all of their tasks at once, and later for those that make one answer of all.
  link(tasks, ({ item }) => isWorkflow && !(reply.items && item !== null));
  const attempts = tasks.flatMap(({ attempts }) => attempts);
  const live = liveOverTime(attempts);
  const lastMs = tasks.reduce((last, { endMs }) => Math.max(last, endMs), 0);
  const elapsedMs = report.elapsed_seconds === undefined ? lastMs : Math.round(report.elapsed_seconds * 1000);
  return {
    name: document?.function ?? 'run_tasks',
    reply,
    report,
    isWorkflow,
    problems: problemsOf(reply),
    // A workflow may fail although every task of its run is completed.
    status: reply?.status ?? 'failed',
    tasks,
    attempts,
    live,
    // The report counts from the spawn call, also calls that brought no session.
    peak: Math.max(report.peak_in_flight ?? 0, peakOf(live)),
    elapsedMs,
    endMs: Math.max(1, elapsedMs, lastMs),
    chain: longestChain(tasks),
    isLive: false,
    total: tasks.length,
    about: document?.about ?? null,
  };
}

/** The report itself, that of the run inside a workflow's reply, or one around the single result that the reply is. */
function findReport(reply) {
  const isReport = (value) => Array.isArray(value?.results) && value.results.every((result) => 'task_id' in Object(result));
  return [reply, reply?.run].find(isReport) ?? (reply?.task_id && reply.status ? reportOf(reply) : null);
}

function reportOf(result) {
  const { cost_micro_usd: paid, usage, attempt_log: sessions = [] } = result.metadata ?? {};
  const complete = sessions.every((session) => typeof session.cost_micro_usd === 'number');
  return { results: [result], census: { [result.status]: 1 }, usage, cost: { micro_usd: paid, complete } };
}

/** What a request was refused for; empty if it was not. */
function problemsOf(reply) {
  if (findReport(reply)) return [];
  return Array.isArray(reply?.errors) ? reply.errors : [reply?.error].filter((error) => error?.code);
}

/**
 * Gives each task those that it depends on and that depend on it, and the times until which it waits for what. `isLater` says which
 * tasks a workflow asked for as it went.
 */
function link(tasks, isLater) {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const task of tasks) {
    task.dependencies = task.dependencyIds.map((id) => byId.get(id)).filter(Boolean);
    for (const dependency of task.dependencies) dependency.dependants.push(task);
  }
  const began = ({ startMs, endMs }) => startMs ?? endMs;
  for (const task of tasks) {
    // A workflow asks for its steps as it goes, and its report does not say when: at the latest when they start, or
    // when something starts that they depend on.
    task.askedMs = isLater(task) ? Math.min(began(task), ...task.dependencies.map(began)) : 0;
    task.readyMs = Math.min(began(task), Math.max(task.askedMs, ...task.dependencies.map(({ endMs }) => endMs)));
    if (isLater(task) && task.dependencies.length === 0) task.readyMs = began(task);
  }
}

/**
 * The host's records by session key, and by task or by label for spawns that brought no session. A prompt may lack its head, which many have;
 * in the page of a feed, texts are read one by one.
 */
function sessionsOf(records, heads) {
  const known = new Map();
  for (const record of records) {
    if (record.prompt_chars !== undefined) {
      record.prompt = textLater(record.label, 'prompt', record.prompt_chars);
      record.answer = textLater(record.label, 'answer', record.answer_chars);
    }
    record.asked = record.prompt;
    if (record.head !== undefined) record.prompt = heads[record.head] + record.prompt;
    for (const name of [record.session_key, typeof record.task_id === 'string' && nth(record.task_id, record.number), record.label && bare(record.label)]) {
      if (name && !known.has(name)) known.set(name, record);
    }
  }
  return known;
}

/** A label without the run's code behind it. */
function bare(label) {
  return label.replace(/ \[[^\]]*\]$/, '');
}

/** A name for the session of a task that has this number. */
function nth(task, number) {
  return JSON.stringify([String(task), number]);
}

function readTask(result, index, sessions) {
  const about = result.metadata ?? {};
  const label = bare(about.label ?? '');
  const attempts = (about.attempt_log ?? []).map((record) => {
    const ownLabel = record.number > 1 ? `${label} #${record.number}` : label;
    const names = [record.session_key, nth(result.task_id, record.number), ownLabel];
    return readAttempt(record, sessions.get(names.find((name) => sessions.has(name))));
  });
  attempts.sort((one, other) => one.startMs - other.startMs || one.number - other.number);
  const began = attempts[0]?.startMs;
  const endMs = (about.queued_ms ?? 0) + Math.round((result.execution_time ?? 0) * 1000);
  return {
    index,
    id: String(result.task_id),
    item: itemOf(String(result.task_id)),
    agent: String(result.agent_type ?? ''),
    status: ENDS.includes(result.status) ? result.status : 'failed',
    error: result.error ?? null,
    output: result.output ?? null,
    outputBytes: about.output_bytes ?? 0,
    dependencyIds: about.dependencies ?? [],
    dependencies: [],
    dependants: [],
    askedMs: 0,
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
    label: session?.label ?? null,
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
    /** What its prompt says of this task alone. */
    asked: session?.asked ?? null,
  };
}

const NOTES = {
  truncated: 'The answer is not whole.',
  redacted: 'The host removed something from the answer.',
  unwrapped: 'Text around the JSON value was left out.',
  repaired: 'It was not quite JSON and could only mean one thing.',
  doubtful: 'It reads like an error message in the place of an answer.',
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

function peakOf(points) {
  return points.reduce((most, { live }) => Math.max(most, live), 0);
}

/** Points of which a picture has so many at most; each stands for the most that were alive until the next. */
function thinned(points, most, endMs) {
  if (points.length <= most) return points;
  const thin = [];
  let [last, slot] = [null, -1];
  for (const point of points) {
    const own = Math.floor((point.atMs / endMs) * most);
    if (own !== slot) thin.push((last = { ...point }));
    else [last.live, last.again] = [Math.max(last.live, point.live), Math.max(last.again, point.again)];
    slot = own;
  }
  return thin;
}

/** The depth of each task among these: 0 without dependencies, else one more than the deepest of them. */
function depths(tasks) {
  const known = new Map();
  const among = new Set(tasks);
  const inside = (others) => others.filter((other) => among.has(other));
  const waiting = new Map(tasks.map((task) => [task, inside(task.dependencies).length]));
  const ready = tasks.filter((task) => waiting.get(task) === 0);
  for (const task of ready) {
    known.set(task, task.dependencies.reduce((deepest, dependency) => Math.max(deepest, (known.get(dependency) ?? -1) + 1), 0));
    for (const dependant of inside(task.dependants)) {
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
