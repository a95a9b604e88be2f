'use strict';
// What stands in a row: a task's sessions as bars in time, or a group as one, and the same in words.

/** What a task's row is made of: it is drawn again when this changes. */
function taskLook({ status, error, startMs, endMs, readyMs, attempts }) {
  return JSON.stringify([status, error?.code, startMs, endMs, readyMs, attempts.map((one) => [one.kind, one.status, one.startMs, one.runMs, one.endMs, one.model])]);
}

function taskRow(task) {
  const { id, agent, status } = task;
  return [
    make('span', { class: 'name' },
      make('span', { class: `glyph ${status}`, 'aria-hidden': 'true' }, GLYPHS[status]),
      make('span', { class: 'id' }, id), ' ', make('span', { class: 'agent' }, agent), make('span', { class: 'unseen' }, `: ${howItWent(task)}`)),
    make('span', { class: 'lane', 'aria-hidden': 'true' }, lanePieces(task)),
  ];
}

function groupLook({ group: { name, tasks, startMs, endMs }, isOpen }) {
  return JSON.stringify([name, censusOf(tasks), startMs, endMs, isOpen]);
}

/** A group as one row: how many of its tasks are in which status, and from when to when they ran. */
function groupRow({ group: { name, tasks, startMs, endMs }, isOpen }) {
  const census = censusOf(tasks);
  const counts = census.map(([status, times]) => make('span', { class: status }, `${GLYPHS[status]} ${thousands(times)}`));
  const words = `: ${several(tasks.length, 'task')}, ${census.map(([status, times]) => `${thousands(times)} ${status}`).join(', ')}`;
  const shares = census.map(([status, times]) => make('span', { class: `part ${status}`, '--part': `${(100 * times) / tasks.length}%` }));
  const span = startMs !== null && make('span', { class: 'bar span', '--a': startMs, '--b': endMs, 'data-tip': `${name}${words}\n${clock(startMs)} to ${clock(endMs)}` }, shares);
  return [
    make('span', { class: 'name' },
      make('span', { class: 'glyph', 'aria-hidden': 'true' }, isOpen ? '▾' : '▸'),
      make('span', { class: 'id' }, name), make('span', { class: 'counts', 'aria-hidden': 'true' }, counts), make('span', { class: 'unseen' }, words)),
    make('span', { class: 'lane', 'aria-hidden': 'true' }, span),
  ];
}

/** What happened to a task, from left to right. */
function lanePieces(task) {
  const pieces = [];
  const piece = (name, from, to, words, text = '') => {
    if (to > from || name.startsWith('bar')) pieces.push(make('span', { class: name, '--a': from, '--b': to, 'data-tip': words }, text && make('span', {}, text)));
  };
  const start = task.startMs ?? task.endMs;
  piece('wait later', 0, task.askedMs, `asked for at ${clock(task.askedMs)} at the latest`);
  piece('wait blocked', task.askedMs, task.readyMs, `waits for ${someOf(task.dependencyIds)}`);
  piece('wait queued', task.readyMs, start, `waits for a place, ${duration(start - task.readyMs)}`);
  let until = start;
  for (const attempt of task.attempts) {
    piece('wait pause', until, attempt.startMs, `pause of ${duration(attempt.startMs - until)} before session ${attempt.number}`);
    until = Math.max(until, attempt.endMs);
    const words = tipOf(attempt);
    piece('bar starting', attempt.startMs, attempt.runMs, words);
    const text = attempt.kind === 'first' ? (attempt.model ?? '') : `${attempt.kind} ${attempt.model ?? ''}`;
    if (attempt.endMs > attempt.runMs || attempt.runMs === attempt.startMs) piece(`bar ${attempt.kind} ${attempt.status}`, attempt.runMs, attempt.endMs, words, text);
    else pieces[pieces.length - 1].classList.add(attempt.kind, attempt.status);
  }
  piece('wait queued', until, task.endMs, `ends at ${clock(task.endMs)}`);
  if (!ENDS.includes(task.status)) return pieces;
  pieces.push(make('span', { class: `end ${task.status}`, '--a': task.endMs, 'data-tip': `${task.status} at ${clock(task.endMs)}${task.error ? `\n${task.error.code}: ${task.error.message}` : ''}` }, GLYPHS[task.status]));
  return pieces;
}

function tipOf(attempt) {
  const used = tokens(attempt.usage);
  const lines = [
    `session ${attempt.number}: ${KIND_WORDS[attempt.kind] ?? attempt.kind}, ${attempt.status}`,
    [attempt.model, attempt.tier].filter(Boolean).join(' · '),
    `${clock(attempt.startMs)} to ${clock(attempt.endMs)}, ${duration(attempt.endMs - attempt.startMs)}${attempt.runMs > attempt.startMs ? `, ${duration(attempt.runMs - attempt.startMs)} of it before it ran` : ''}`,
    [used !== null && several(used, 'token'), attempt.costMicroUsd !== null && money(attempt.costMicroUsd)].filter(Boolean).join(', '),
    attempt.error && `${attempt.error.code}: ${attempt.error.message}`,
  ];
  return lines.filter(Boolean).join('\n');
}

/** A row in words, for those who hear it. */
function howItWent(task) {
  const times = task.startMs === null ? 'never started' : ENDS.includes(task.status) ? `from ${clock(task.startMs)} to ${clock(task.endMs)}` : `since ${clock(task.startMs)}`;
  const error = task.error ? `, ${task.error.code}` : '';
  return `${task.status}${error}, ${several(task.attempts.length, 'session')}, ${times}`;
}

function showLegend(run) {
  const present = new Set(run.attempts.map(({ kind }) => kind));
  const keys = Object.entries(KIND_WORDS).filter(([kind]) => present.has(kind)).map(([kind, words]) => make('span', {}, make('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), words));
  const lines = [run.tasks.some(({ askedMs }) => askedMs > 0) && ['later', 'not asked for yet, as far as the report tells'], ['blocked', 'waits for other tasks'], ['queued', 'waits for a place'], ['pause', 'pause'], ['starting', 'not running yet']].filter(Boolean).map(([name, words]) =>
    make('span', {}, make('span', { class: `key ${name}`, 'aria-hidden': 'true' }), words));
  const hatch = make('span', {}, make('span', { class: 'key hatch', 'aria-hidden': 'true' }), 'did not succeed');
  refill(at('legend'), ...keys, hatch, ...lines);
}
