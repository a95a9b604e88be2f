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
  keep = () => ({ ...page.kept, theme: at('theme').value });
  if (!embedded?.feed) return page.show(readRun(embedded));
  follow(embedded.feed, (document_, revision) => {
    const run = readRun(document_);
    page.show(run, revision);
    return run.isLive ? (LOOK_MS[run.status] ?? null) : null;
  });
}

/** The views, and what is filtered and open in them. They are made once and take each state of the run. */
class Page {
  #run = null;
  #wanted = { words: '', statuses: new Set(), codes: new Set(), kind: null };
  #texts = new TextSearch(() => this.#refresh());
  /** Keys of the groups whose tasks are shown. */
  #unfolded = new Set();
  #opened = null;
  #isRestored = false;
  #details = new Details((task) => this.#open(task), () => this.#closed());
  #timeline = new Timeline((entry) => (entry.task ? this.#open(entry.task) : this.#fold(entry.key)));
  #graph = new Graph((task) => this.#open(task), (kind) => this.#only(kind));
  #overview = new Overview((from, to) => this.#timeline.look(from, to));
  #filters = new Filters(this.#wanted, () => this.#refresh());
  #choose;

  constructor() {
    this.#timeline.onMove = (from, to) => this.#overview.frame(from, to);
    this.#choose = showTabs(() => this.#graph.resize());
    this.#listen();
    this.#restore();
  }

  /** What the page that is loaded in place of this one needs to show the same. */
  get kept() {
    const { words, statuses, codes } = this.#wanted;
    const active = document.hasFocus() ? document.activeElement : null;
    return {
      words,
      statuses: [...statuses],
      codes: [...codes],
      order: at('order').value,
      grouping: at('grouping').value,
      unfolded: [...this.#unfolded],
      tab: at('graph').hidden ? 'tab-timeline' : 'tab-graph',
      opened: this.#opened,
      part: this.#timeline.part,
      scroll: [scrollX, scrollY],
      focus: active?.id || null,
      row: active?.closest('#rows li')?.dataset.task ?? null,
    };
  }

  /** Takes what the page before this one has kept, as far as no task is needed for it. */
  #restore() {
    for (const name of ['statuses', 'codes']) for (const value of textsIn(kept[name])) this.#wanted[name].add(value);
    for (const name of ['order', 'grouping']) choose(at(name), kept[name]);
    this.#unfolded = new Set(textsIn(kept.unfolded));
    if (kept.tab === 'tab-graph') this.#choose(at(kept.tab));
    at('search').value = this.#wanted.words = textsIn([kept.words]).join('');
    this.#texts.look(wordsOf(this.#wanted.words));
  }

  /** The rest of that, once there are tasks. */
  #restoreTasks() {
    const { opened, part, scroll, focus, row } = kept;
    this.#isRestored = true;
    if (Array.isArray(part) && part.length === 2 && part.every(Number.isFinite)) this.#timeline.look(part[0], part[1]);
    const task = this.#run.tasks.find(({ id }) => id === opened);
    if (task) this.#open(task, focus === 'details');
    if (Array.isArray(scroll)) scrollTo(scroll[0], scroll[1]);
    if (typeof row === 'string') this.#timeline.focus(row);
    else if (typeof focus === 'string' && focus !== 'details') at(focus)?.focus({ preventScroll: true });
  }

  /** Shows a run as it is now, of which a feed has told up to this revision. */
  show(run, revision) {
    this.#run = run;
    this.#texts.tell(revision);
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
    showGroupings(run);
    this.#refresh();
    const opened = run.tasks.find(({ id }) => id === this.#opened);
    if (opened) this.#details.update(opened, run.about);
    if (!this.#isRestored) this.#restoreTasks();
  }

  #open(task, takesFocus = true) {
    this.#opened = task.id;
    // First, since it takes room from the views.
    this.#details.open(task, this.#run.about, takesFocus);
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
    const { statuses, codes, kind, words } = this.#wanted;
    const isAmong = (chosen, value) => chosen.size === 0 || chosen.has(value);
    const isFound = finder(wordsOf(words), this.#texts.found);
    const fits = (task) => isAmong(statuses, task.status) && isAmong(codes, task.error?.code) && (kind === null || kind.ids.has(task.id)) && isFound(task);
    const shown = this.#run.tasks.filter(fits).sort((one, other) => order(one) - order(other) || one.index - other.index);
    this.#timeline.show(entriesOf(shown, at('grouping').value, this.#unfolded), shown.length);
    at('fold-all').hidden = at('grouping').value === '';
    at('unsearched').hidden = this.#texts.problem === null;
    refill(at('unsearched'), `Texts of sessions could not be searched, so tasks may be missing here. ${this.#texts.problem ?? ''}`);
  }

  #fold(key) {
    if (!this.#unfolded.delete(key)) this.#unfolded.add(key);
    this.#refresh();
  }

  /** Folds all groups, or shows the tasks of all if none is unfolded. */
  #foldAll() {
    const keys = groupsOf(this.#run.tasks, at('grouping').value).map(({ value }) => groupKey(value));
    this.#unfolded = new Set(keys.some((key) => this.#unfolded.has(key)) ? [] : keys);
    this.#refresh();
  }

  /** Shows those tasks in time that one node of the summary stands for. */
  #only(kind) {
    this.#wanted.kind = kind;
    this.#filters.update(this.#run);
    this.#refresh();
    this.#choose(at('tab-timeline'));
    at('tab-timeline').focus();
  }

  /** Shows what is found in the page at once, and what is found in texts that are not in it a little later. */
  #search(words) {
    at('search').value = this.#wanted.words = words;
    this.#texts.look(wordsOf(words));
    this.#refresh();
  }

  #listen() {
    const [timeline, graph] = [this.#timeline, this.#graph];
    const on = (id, event, act) => at(id).addEventListener(event, act);
    on('search', 'input', () => this.#search(at('search').value));
    on('order', 'change', () => this.#refresh());
    on('grouping', 'change', () => this.#refresh());
    on('fold-all', 'click', () => this.#foldAll());
    on('clear', 'click', () => {
      this.#filters.clear();
      this.#search('');
      at('search').focus();
    });
    on('zoom-in', 'click', () => timeline.zoom(0.5));
    on('zoom-out', 'click', () => timeline.zoom(2));
    on('zoom-rows', 'click', () => timeline.fitRows());
    on('zoom-reset', 'click', () => timeline.reset());
    on('graph-in', 'click', () => graph.resize(1.25));
    on('graph-out', 'click', () => graph.resize(0.8));
    on('graph-fit', 'click', () => graph.resize());
    on('rows', 'keydown', (event) => event.key === 'Escape' && this.#details.close());
  }
}

/** Offers the ways to group that tell tasks of the run apart. */
function showGroupings({ tasks }) {
  for (const option of at('grouping').options) {
    const of = GROUPINGS[option.value]?.of;
    option.hidden = option.disabled = Boolean(of) && !option.selected && tasks.every((task) => of(task) === of(tasks[0]));
  }
}

/** The two views, of which one is seen. Returns what chooses one by its tab. */
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
  return choose;
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
  choose(select, kept.theme);
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
