'use strict';
// The list of runs. A row is kept for as long as its run is there, and only what changed in it is drawn again.

/** Between two questions for the list. */
const LIST_MS = 2_000;

const rows = new Map();
let known = [];

function showRuns(document_) {
  known = document_?.runs ?? [];
  const ids = new Set(known.map(({ run_id }) => run_id));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  for (const run of known) rows.set(run.run_id, drawn(run, rows.get(run.run_id) ?? make('tr', {})));
  place();
}

/** The rows that fit the filter, in the order of the list; a row that is where it belongs is not moved. */
function place() {
  const words = at('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ run_id, function: name, session, state }) => words.every((word) => [run_id, name, session, state].join(' ').toLowerCase().includes(word));
  const shown = known.filter(fits).map(({ run_id }) => rows.get(run_id));
  for (const row of [...at('rows').children]) if (!shown.includes(row)) row.remove();
  shown.forEach((row, index) => at('rows').children[index] !== row && at('rows').insertBefore(row, at('rows').children[index] ?? null));
  at('nothing').hidden = shown.length > 0;
  const running = known.filter(({ state }) => state === 'running').length;
  const text = `${several(known.length, 'run')}, ${running} running`;
  if (at('count').textContent !== text) at('count').textContent = text;
}

function drawn(run, row) {
  const look = JSON.stringify(run);
  if (row.dataset.look === look) return row;
  row.dataset.look = look;
  const { run_id: id, function: name, started, state, session, counts, progress, command } = run;
  const cells = [
    [make('a', { href: `?run=${encodeURIComponent(id)}` }, make('code', {}, id)), ' ', make('span', { class: 'muted' }, name)],
    [statusMark(STATES[state] ?? 'pending', state)],
    [howFar(counts, progress)],
    [make('time', { datetime: started }, new Date(started).toLocaleString())],
    [make('span', { class: 'muted' }, session), ' ', openSession(session, { opens_sessions: true })],
    command ? [make('span', { class: 'command' }, copied(command))] : [],
  ];
  // Cell by cell: a button that somebody is about to press stays the same one.
  cells.forEach((content, index) => refill(row.children[index] ?? row.appendChild(make('td', {})), content));
  return row;
}

/** The states of a run, as the statuses whose colours they have. */
const STATES = { running: 'running', done: 'completed', broken: 'failed', interrupted: 'timeout' };

function howFar(counts, progress) {
  if (progress) return `${progress.ended} of ${progress.total}, ${progress.running} running`;
  return Object.entries(counts ?? {}).map(([status, times]) => `${times} ${status}`).join(', ');
}

at('search').addEventListener('input', place);
at('search').value = textsIn([kept.words]).join('');
keep = () => ({ words: at('search').value });
follow(JSON.parse(at('document').textContent).feed, (document_) => {
  showRuns(document_);
  return LIST_MS;
});
