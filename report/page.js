'use strict';
// Puts the views together: what is filtered, what is open, which theme.

const ORDERS = {
  index: (task) => task.index,
  start: (task) => task.startMs ?? Infinity,
  time: (task) => -(task.endMs - (task.startMs ?? task.endMs)),
  cost: (task) => -(task.costMicroUsd ?? 0),
  sessions: (task) => -task.attempts.length,
};

/** While a run is in one of these states, so many milliseconds after each look the next one follows. */
const LOOK_MS = { running: 1_000, interrupted: 5_000, broken: 5_000 };

function start() {
  const embedded = JSON.parse(at('document').textContent);
  showTheme();
  showTips();
  const page = new Page();
  if (!embedded?.feed) return page.show(readRun(embedded));
  follow(embedded.feed, (document_) => {
    const run = readRun(document_);
    page.show(run);
    return run.isLive ? (LOOK_MS[run.status] ?? null) : null;
  });
}

/** The views, and what is filtered and open in them. They are made once and take each state of the run. */
class Page {
  #run = null;
  #wanted = { words: '', statuses: new Set(), codes: new Set() };
  #opened = null;
  #details = new Details((task) => this.#open(task), () => this.#closed());
  #timeline = new Timeline((task) => this.#open(task));
  #graph = new Graph((task) => this.#open(task));
  #overview = new Overview((from, to) => this.#timeline.look(from, to));
  #filters = new Filters(this.#wanted, () => this.#refresh());

  constructor() {
    this.#timeline.onMove = (from, to) => this.#overview.frame(from, to);
    showTabs(() => this.#graph.resize());
    this.#listen();
  }

  /** Shows a run as it is now. */
  show(run) {
    this.#run = run;
    showAbout(run.about);
    showHead(run);
    showOutcome(run);
    for (const name of ['skip', 'summary', 'overview', 'work']) at(name).hidden = run.tasks.length === 0;
    if (run.tasks.length === 0) return;
    showSummary(run);
    this.#overview.update(run);
    this.#timeline.update(run);
    this.#graph.update(run);
    showLegend(run);
    this.#filters.update(run);
    this.#refresh();
    const opened = run.tasks.find(({ id }) => id === this.#opened);
    if (opened) this.#details.update(opened, run.about);
  }

  #open(task) {
    this.#opened = task.id;
    // First, since it takes room from the views.
    this.#details.open(task, this.#run.about);
    this.#timeline.mark(task.id);
    this.#graph.mark(task.id);
  }

  #closed() {
    const task = this.#opened;
    this.#opened = null;
    this.#timeline.mark(null);
    this.#graph.mark(null);
    (at('graph').hidden ? this.#timeline : this.#graph).focus(task);
  }

  #refresh() {
    const order = ORDERS[at('order').value];
    const { statuses, codes } = this.#wanted;
    const words = this.#wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
    const isAmong = (chosen, value) => chosen.size === 0 || chosen.has(value);
    const fits = (task) => isAmong(statuses, task.status) && isAmong(codes, task.error?.code) && words.every((word) => haystack(task).includes(word));
    this.#timeline.show(this.#run.tasks.filter(fits).sort((one, other) => order(one) - order(other) || one.index - other.index));
  }

  #search(words) {
    at('search').value = this.#wanted.words = words;
    this.#refresh();
  }

  #listen() {
    const [timeline, graph] = [this.#timeline, this.#graph];
    const on = (id, event, act) => at(id).addEventListener(event, act);
    on('search', 'input', () => this.#search(at('search').value));
    on('order', 'change', () => this.#refresh());
    on('clear', 'click', () => {
      this.#filters.clear();
      this.#search('');
      at('search').focus();
    });
    on('zoom-in', 'click', () => timeline.zoom(0.5));
    on('zoom-out', 'click', () => timeline.zoom(2));
    on('zoom-reset', 'click', () => timeline.reset());
    on('graph-in', 'click', () => graph.resize(1.25));
    on('graph-out', 'click', () => graph.resize(0.8));
    on('graph-fit', 'click', () => graph.resize());
    on('rows', 'keydown', (event) => event.key === 'Escape' && this.#details.close());
  }
}

/** What a task is found by. */
function haystack(task) {
  const seen = [task.id, task.agent, task.status, task.error?.code, task.model, ...task.attempts.flatMap(({ kind, model, error }) => [kind, model, error?.code])];
  return seen.filter(Boolean).join(' ').toLowerCase();
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
