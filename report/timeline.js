'use strict';
// A row for each task or group, with sessions as bars in time. Bars are placed by the style sheet from their own times and
// the part of the run that is shown, so that zooming sets two numbers however many bars there are.

const NARROWEST_MS = 20;

class Timeline {
  #run = { tasks: [], endMs: 1 };
  #onOpen;
  #onMove = () => {};
  #from = 0;
  #to = 1;
  #window = new RowWindow(at('rows'), (entry, known) => this.#draw(entry, known));
  /** The keys of the entries that the keyboard is at and that is open. */
  #current = null;
  #open = null;

  /** Has `onOpen(entry)` called for an entry that somebody wants to see more of. */
  constructor(onOpen) {
    this.#onOpen = onOpen;
    this.#listen();
    new ResizeObserver(() => this.#axis()).observe(at('axis'));
  }

  /** Has `move(from, to)` called whenever another part of the run is shown. */
  set onMove(move) {
    this.#onMove = move;
  }

  /** Takes the run as it is now. Who sees all of it goes on to. */
  update(run) {
    const wasWhole = this.part === null;
    this.#run = run;
    if (wasWhole) this.look(0, run.endMs);
    else this.look(this.#from, this.#to);
  }

  /** Shows entries in their order; they stand for so many tasks. Rows stay, and only what has changed in them is drawn. */
  show(entries, tasks) {
    const keys = new Set(entries.map(({ key }) => key));
    if (!keys.has(this.#current)) this.#current = entries[0]?.key ?? null;
    this.#window.show(entries);
    this.#rove(this.#current);
    at('nothing').hidden = entries.length > 0;
    at('partial').hidden = !this.#window.isPartial;
    const all = this.#run.tasks.length;
    const groups = entries.filter(({ group }) => group).length;
    const text = `${tasks === all ? several(all, 'task') : `${thousands(tasks)} of ${several(all, 'task')}`}${groups > 0 ? ` in ${several(groups, 'group')}` : ''}`;
    if (at('count').textContent !== text) at('count').textContent = text;
  }

  /** Shows a part of the run. */
  look(from, to) {
    const wide = Math.min(Math.max(to - from, NARROWEST_MS), this.#run.endMs);
    this.#from = Math.min(Math.max(from, 0), this.#run.endMs - wide);
    this.#to = this.#from + wide;
    at('timeline').style.setProperty('--from', this.#from);
    at('timeline').style.setProperty('--scale', 100 / wide);
    this.#axis();
    this.#onMove(this.#from, this.#to);
  }

  /** Shows a part `factor` times as wide, around a place between 0 and 1. */
  zoom(factor, place = 0.5) {
    const wide = this.#to - this.#from;
    const middle = this.#from + place * wide;
    this.look(middle - place * wide * factor, middle + (1 - place) * wide * factor);
  }

  /** Moves by a part of what is shown. */
  pan(part) {
    const by = part * (this.#to - this.#from);
    this.look(this.#from + by, this.#to + by);
  }

  /** The part that is shown; null: all of the run. */
  get part() {
    return this.#from <= 0 && this.#to >= this.#run.endMs ? null : [this.#from, this.#to];
  }

  /** Shows all of the run. */
  reset() {
    this.look(0, this.#run.endMs);
  }

  /** Marks a task, by its id, as the one that is open; null: none is. */
  mark(id) {
    this.#window.row(this.#open)?.row.classList.remove('open');
    this.#open = id === null ? null : keyOf(id);
    this.#window.row(this.#open)?.row.classList.add('open');
    if (this.#window.placeOf(this.#open) >= 0) this.#rove(this.#open);
  }

  /** Moves the focus to a task; to the first entry if it is not shown. */
  focus(id) {
    const key = keyOf(id);
    this.#focus(this.#window.placeOf(key) >= 0 ? key : this.#window.entry(0)?.key);
  }

  #focus(key) {
    this.#rove(key ?? null);
    (this.#window.row(this.#current)?.row ?? at('search')).focus();
  }

  #draw(entry, known) {
    const { key, task } = entry;
    const drawn = task ? taskLook(task) : groupLook(entry);
    const row = known ?? this.#newRow(entry);
    row.entry = entry;
    row.row.tabIndex = key === this.#current ? 0 : -1;
    row.row.classList.toggle('open', key === this.#open);
    if (row.drawn === drawn) return row;
    row.drawn = drawn;
    if (!task) row.row.setAttribute('aria-expanded', String(entry.isOpen));
    row.row.replaceChildren(...(task ? taskRow(task) : groupRow(entry)));
    return row;
  }

  #newRow({ key, task }) {
    const row = { entry: null, drawn: null };
    row.row = make('button', { class: task ? 'row' : 'row group', click: () => this.#onOpen(row.entry) });
    row.item = make('li', { 'data-key': key, 'data-task': task?.id }, row.row);
    return row;
  }

  /** One row can be reached with Tab, the others from there with the arrows. */
  #rove(key) {
    const before = this.#window.row(this.#current);
    if (before && this.#current !== key) before.row.tabIndex = -1;
    this.#current = key;
    const now = this.#window.keep(key);
    if (now) now.row.tabIndex = 0;
  }

  #axis() {
    const wide = this.#to - this.#from;
    const wanted = Math.max(2, Math.floor(at('axis').clientWidth / 110));
    const end = (ms) => (this.#to - ms) / wide < 0.04;
    const marks = ticks(this.#from, this.#to, wanted, this.#run.endMs).map(({ ms, words }) =>
      make('span', { '--at': `${(100 * (ms - this.#from)) / wide}%` }, end(ms) ? '' : words));
    at('axis').replaceChildren(...marks);
  }

  #listen() {
    const rows = at('rows');
    rows.addEventListener('keydown', (event) => this.#key(event));
    rows.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    rows.addEventListener('focusin', (event) => {
      const key = event.target.closest('li')?.dataset.key;
      if (key !== undefined) this.#rove(key);
    });
    this.#drag(rows);
  }

  #key(event) {
    const place = this.#window.placeOf(this.#current);
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + 15, PageUp: place - 15, Home: 0, End: this.#window.length - 1 }[event.key];
    const act = { '/': () => at('search').focus(), '+': () => this.#zoomOnTask(0.5), '=': () => this.#zoomOnTask(0.5), '-': () => this.zoom(2), f: () => this.#fit(), v: () => this.fitRows(), 0: () => this.reset(), ArrowLeft: () => this.pan(-0.2), ArrowRight: () => this.pan(0.2) }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (to === undefined && !act)) return;
    event.preventDefault();
    if (act) act();
    else this.#focus(this.#window.entry(Math.min(Math.max(to, 0), this.#window.length - 1))?.key);
  }

  /** Shows the time in which the rows in view ran: of a large run that is a small part. */
  fitRows() {
    const spans = this.#window.seen().map(({ task, group }) => task ?? group).filter(({ startMs }) => startMs !== null);
    if (spans.length === 0) return;
    this.#frame(Math.min(...spans.map(({ startMs }) => startMs)), Math.max(...spans.map(({ endMs }) => endMs)));
  }

  #frame(startMs, endMs) {
    const edge = Math.max(NARROWEST_MS, (endMs - startMs) * 0.1);
    this.look(startMs - edge, endMs + edge);
  }

  #span() {
    const { task, group } = this.#window.entry(this.#window.placeOf(this.#current));
    return task ?? group;
  }

  /** Around the task that has the focus, so that it stays in sight. */
  #zoomOnTask(factor) {
    const { startMs, endMs } = this.#span();
    const place = (((startMs ?? endMs) + endMs) / 2 - this.#from) / (this.#to - this.#from);
    this.zoom(factor, Math.min(Math.max(place, 0), 1));
  }

  /** Shows the task that has the focus as large as it gets. */
  #fit() {
    const { startMs, endMs } = this.#span();
    this.#frame(startMs ?? endMs, endMs);
  }

  #wheel(event) {
    const { left, width } = at('axis').getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY / 300), Math.min(Math.max((event.clientX - left) / width, 0), 1));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.pan((event.deltaX || event.deltaY) / width);
    }
  }

  /** Dragging moves what is shown; a press that does not move is a click on the row. */
  #drag(rows) {
    let last = null;
    let moved = false;
    rows.addEventListener('pointerdown', (event) => {
      moved = false;
      last = event.button === 0 && event.pointerType === 'mouse' && event.target.closest('.lane') ? event.clientX : null;
    });
    addEventListener('pointermove', (event) => {
      if (last === null) return;
      if (!moved && Math.abs(event.clientX - last) < 5) return;
      moved = true;
      this.pan((last - event.clientX) / at('axis').clientWidth);
      last = event.clientX;
    });
    addEventListener('pointerup', () => (last = null));
    rows.addEventListener('click', (event) => moved && event.stopPropagation(), { capture: true });
  }
}
