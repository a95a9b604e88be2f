'use strict';
// Puts the views together: what is filtered, what is open, which theme.

const ORDERS = {
  index: (task) => task.index,
  start: (task) => task.startMs ?? Infinity,
  time: (task) => -(task.endMs - (task.startMs ?? task.endMs)),
  cost: (task) => -(task.costMicroUsd ?? 0),
  sessions: (task) => -task.attempts.length,
};

function start() {
  const run = readRun(JSON.parse(at('document').textContent));
  showTheme();
  showHead(run);
  showOutcome(run);
  if (run.tasks.length > 0) showTasks(run);
  else for (const name of ['skip', 'summary', 'overview', 'work']) at(name).hidden = true;
}

function showTasks(run) {
  const wanted = { words: '', statuses: new Set(), codes: new Set() };
  let opened = null;

  const open = (task) => {
    opened = task;
    // First, since it takes room from the views.
    details.open(task);
    timeline.mark(task);
    graph.mark(task);
  };
  const details = new Details(open, () => {
    const task = opened;
    opened = null;
    timeline.mark(null);
    graph.mark(null);
    (at('graph').hidden ? timeline : graph).focus(task);
  });
  const timeline = new Timeline(run, open);
  const graph = new Graph(run, open);

  const refresh = () => {
    const order = ORDERS[at('order').value];
    const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
    const isAmong = (chosen, value) => chosen.size === 0 || chosen.has(value);
    const fits = (task) => isAmong(wanted.statuses, task.status) && isAmong(wanted.codes, task.error?.code) && words.every((word) => haystack(task).includes(word));
    timeline.show(run.tasks.filter(fits).sort((one, other) => order(one) - order(other) || one.index - other.index));
  };
  const search = (words) => {
    at('search').value = wanted.words = words;
    refresh();
  };

  showSummary(run);
  timeline.onMove = showOverview(run, (from, to) => timeline.look(from, to));
  showLegend(run);
  showFilters(run, wanted, refresh);
  showTabs(() => graph.resize());
  showTips();
  refresh();

  at('search').addEventListener('input', () => search(at('search').value));
  at('order').addEventListener('change', refresh);
  at('clear').addEventListener('click', () => {
    wanted.statuses.clear();
    wanted.codes.clear();
    document.querySelectorAll('#filters button').forEach((button) => button.setAttribute('aria-pressed', 'false'));
    search('');
    at('search').focus();
  });
  at('zoom-in').addEventListener('click', () => timeline.zoom(0.5));
  at('zoom-out').addEventListener('click', () => timeline.zoom(2));
  at('zoom-reset').addEventListener('click', () => timeline.reset());
  at('graph-in').addEventListener('click', () => graph.resize(1.25));
  at('graph-out').addEventListener('click', () => graph.resize(0.8));
  at('graph-fit').addEventListener('click', () => graph.resize());
  at('rows').addEventListener('keydown', (event) => event.key === 'Escape' && details.close());
}

/** What a task is found by. */
function haystack(task) {
  const seen = [task.id, task.agent, task.status, task.error?.code, task.model, ...task.attempts.flatMap(({ kind, model, error }) => [kind, model, error?.code])];
  return seen.filter(Boolean).join(' ').toLowerCase();
}

function showFilters(run, wanted, refresh) {
  const counts = count(run.tasks, ({ status }) => status);
  const present = STATUSES.filter((status) => counts.has(status));
  const codes = [...count(run.tasks.filter(({ error }) => error), ({ error }) => error.code)].sort((one, other) => other[1] - one[1]);
  if (present.length < 2 && codes.length === 0) return;
  const chip = (kind, chosen, value, title, mark, times) => {
    const button = make('button', { class: kind, title, 'aria-pressed': 'false', click: () => {
      if (!chosen.delete(value)) chosen.add(value);
      button.setAttribute('aria-pressed', String(chosen.has(value)));
      refresh();
    } }, mark, make('span', { class: 'number' }, thousands(times)));
    return button;
  };
  at('filters').append(
    ...present.map((status) => chip('chip', wanted.statuses, status, null, statusMark(status), counts.get(status))),
    ...codes.slice(0, 8).map(([code, times]) => chip('chip code', wanted.codes, code, `Show the tasks with ${code}`, code, times)));
}

function showTabs(onGraph) {
  const tabs = [at('tab-timeline'), at('tab-graph')];
  const choose = (tab) => {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute('aria-selected', String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      at(other.getAttribute('aria-controls')).hidden = !chosen;
    }
    at('timeline-tools').hidden = at('filters').hidden = tab !== tabs[0];
    at('graph-tools').hidden = tab !== tabs[1];
    if (tab === tabs[1]) onGraph();
  };
  for (const tab of tabs) {
    tab.addEventListener('click', () => choose(tab));
    tab.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
      const other = tabs.find((one) => one !== tab);
      choose(other);
      other.focus();
    });
  }
}

/** The theme that was chosen is remembered where the browser allows it. */
function showTheme() {
  const name = 'parallel-agents-theme';
  const set = (theme) => document.documentElement.setAttribute('data-theme', theme);
  const select = at('theme');
  try {
    select.value = localStorage.getItem(name) ?? '';
  } catch {
    // A page that was opened from a file may have no storage.
  }
  set(select.value);
  select.addEventListener('change', () => {
    set(select.value);
    try {
      localStorage.setItem(name, select.value);
    } catch {
      // As above.
    }
  });
}

start();
