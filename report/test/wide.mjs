// The document of a run over thousands of items: a real run over a hundred, once after the other with other numbers.

import { embedded } from './browser.mjs';
import { call, script } from './simulator.mjs';

/** Items of the run that is real, each with two steps: as many tasks as a run of the plugin may have. */
const REAL_ITEMS = 100;

const TOPICS = ['tides', 'lighthouses', 'fog horns', 'pilot boats', 'sand banks'];

/** The steps that map_tasks makes of a template with a draft and a polish. */
function request() {
  const tasks = Array.from({ length: REAL_ITEMS }, (_, index) => {
    const topic = TOPICS[index % TOPICS.length];
    const id = `item-${index + 1}`;
    return [
      { task_id: `${id}-draft`, agent_type: 'content_writer_educational', task_description: `Write a caption about ${topic}.`, input_data: { topic, tone: 'dry' } },
      { task_id: `${id}-polish`, agent_type: 'content_writer_funny', task_description: `Make the caption about ${topic} a smile.`, dependencies: [`${id}-draft`], input_data: { topic, tone: 'warm' } },
    ];
  }).flat();
  const models = { economy: 'sim/economy', standard: 'sim/standard', premium: 'sim/premium' };
  return { tasks, max_concurrent: 20, retries: 1, models, escalate: true, breaker: false };
}

/** Writes the page of the real run to a file, and makes the document of `runs` such runs: `call` is that of map_tasks. */
export function wide(file, runs) {
  const ran = call('run_tasks', request(), file, script('bad-day.toml'));
  if (ran.status !== 1) throw new Error(ran.stderr);
  const one = embedded(file);
  const ms = Math.ceil(one.report.elapsed_seconds * 1_000);
  const all = Array.from({ length: runs }, (_, index) => moved(one, index * REAL_ITEMS, index * ms));
  const results = all.flatMap(({ report }) => report.results);
  const times = (number) => (typeof number === 'number' ? number * runs : number);
  const scaled = (counts) => counts && Object.fromEntries(Object.entries(counts).map(([name, number]) => [name, times(number)]));
  const { report, heads } = one;
  const run = { ...report, results, census: scaled(report.census), usage: scaled(report.usage), cost: scaled(report.cost), elapsed_seconds: (runs * ms) / 1_000 };
  const items = { items: runs * REAL_ITEMS, ...scaled(ends(one.report.results)) };
  return { format: 1, function: 'map_tasks', report: { status: 'partial', items, reduced: null, run }, heads, sessions: all.flatMap(({ sessions }) => sessions) };
}

/** How items ended: as their last step. */
function ends(results) {
  const counts = {};
  for (const { task_id: id, status } of results) if (id.endsWith('-polish')) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** The same run with other items at another time, and without outputs, as in the reply of map_tasks. */
function moved({ report, sessions }, items, ms) {
  const renamed = (text) => text.replace(/item-(\d+)/g, (_, number) => `item-${Number(number) + items}`);
  const key = (session) => (session === null || session === undefined ? session : `${session}.${items}`);
  const later = (value, names) => ({ ...value, ...Object.fromEntries(names.filter((name) => typeof value[name] === 'number').map((name) => [name, value[name] + ms])) });
  const attempt = (record) => ({ ...later(record, ['started_ms', 'ended_ms']), session_key: key(record.session_key) });
  const result = ({ task_id, metadata, ...rest }) => ({
    ...rest,
    task_id: renamed(task_id),
    output: null,
    metadata: {
      ...later(metadata, ['queued_ms']),
      label: metadata.label && renamed(metadata.label),
      dependencies: metadata.dependencies.map(renamed),
      attempt_log: metadata.attempt_log.map(attempt),
      decisions: metadata.decisions.map((decision) => later(decision, ['at_ms'])),
    },
  });
  const session = (record) => ({
    ...later(record, ['asked_ms', 'started_ms', 'ended_ms']),
    session_key: key(record.session_key),
    label: renamed(record.label),
    prompt: renamed(record.prompt),
  });
  return { report: { results: report.results.map(result) }, sessions: sessions.map(session) };
}
