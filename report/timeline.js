'use strict';
// One row for each task, with its sessions as bars in time. Bars are placed by the style sheet from their own times and
// the part of the run that is shown, so that zooming sets two numbers however many bars there are.

const NARROWEST_MS = 20;

class Timeline {
  #run = { tasks: [], endMs: 1 };
  #onOpen;
  #onMove = () => {};
  #from = 0;
  #to = 1;
  /** Ids, in the order in which they are shown. */
  #shown = [];
  /** Of each task by its id: its place in the list, its row, itself, and what was drawn of it. */
  #rows = new Map();
  /** The id of the task that the keyboard is at. */
  #current = null;

  constructor(onOpen) {
    this.#onOpen = onOpen;
    this.#listen();
    new ResizeObserver(() => this.#axis()).observe(at('axis'));
  }

  /** Has `move(from, to)` called whenever another part of the run is shown. */
  set onMove(move) {
    this.#onMove = move;
  }

  /** Takes the run as it is now: rows stay, and only what has changed in them is drawn. Who sees all of it goes on to. */
  update(run) {
    const wasWhole = this.#from <= 0 && this.#to >= this.#run.endMs;
    this.#run = run;
    const ids = new Set(run.tasks.map(({ id }) => id));
    for (const id of [...this.#rows.keys()]) if (!ids.has(id)) this.#rows.delete(id);
    for (const task of run.tasks) this.#draw(task);
    if (wasWhole) this.look(0, run.endMs);
    else this.look(this.#from, this.#to);
  }

  /** Shows these tasks, in this order. */
  show(tasks) {
    this.#shown = tasks.map(({ id }) => id);
    const list = at('rows');
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const wanted = new Set(this.#shown.map((id) => this.#rows.get(id).item));
    for (const item of [...list.children]) if (!wanted.has(item)) item.remove();
    // What stands where it belongs is not moved.
    let next = list.firstElementChild;
    for (const item of wanted) {
      if (item === next) next = next.nextElementSibling;
      else list.insertBefore(item, next);
    }
    if (focused && focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true });
    at('nothing').hidden = tasks.length > 0;
    const all = this.#run.tasks.length;
    const text = tasks.length === all ? several(all, 'task') : `${tasks.length} of ${several(all, 'task')}`;
    if (at('count').textContent !== text) at('count').textContent = text;
    if (!this.#shown.includes(this.#current)) this.#current = this.#shown[0] ?? null;
    this.#rove();
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

  /** Shows all of the run. */
  reset() {
    this.look(0, this.#run.endMs);
  }

  /** Marks a task, by its id, as the one that is open; null: none is. */
  mark(id) {
    for (const [other, { row }] of this.#rows) row.classList.toggle('open', other === id);
    if (id !== null) this.#current = id;
    this.#rove();
  }

  /** Moves the focus to a task. */
  focus(id) {
    this.#current = this.#shown.includes(id) ? id : (this.#shown[0] ?? null);
    this.#rove();
    (this.#rows.get(this.#current)?.row ?? at('search')).focus();
  }

  #draw(task) {
    const { status, error, startMs, endMs, readyMs, attempts } = task;
    const drawn = JSON.stringify([status, error?.code, startMs, endMs, readyMs, attempts.map((one) => [one.kind, one.status, one.startMs, one.runMs, one.endMs, one.model])]);
    const known = this.#rows.get(task.id);
    if (known) known.task = task;
    if (known?.drawn === drawn) return;
    const lane = make('span', { class: 'lane', 'aria-hidden': 'true' }, lanePieces(task));
    const name = make('span', { class: 'name' },
      make('span', { class: `glyph ${status}`, 'aria-hidden': 'true' }, GLYPHS[status]),
      make('span', { class: 'id' }, task.id), ' ', make('span', { class: 'agent' }, task.agent), make('span', { class: 'unseen' }, `: ${howItWent(task)}`));
    if (known) {
      known.drawn = drawn;
      known.row.replaceChildren(name, lane);
      return;
    }
    const row = make('button', { class: 'row', tabindex: '-1', click: () => this.#onOpen(this.#rows.get(task.id).task) }, name, lane);
    this.#rows.set(task.id, { item: make('li', { 'data-task': task.id }, row), row, task, drawn });
  }

  /** One row can be reached with Tab, the others from there with the arrows. */
  #rove() {
    for (const [id, { row }] of this.#rows) row.tabIndex = id === this.#current ? 0 : -1;
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
      this.#current = event.target.closest('li')?.dataset.task ?? this.#current;
      this.#rove();
    });
    this.#drag(rows);
  }

  #key(event) {
    const place = this.#shown.indexOf(this.#current);
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + 15, PageUp: place - 15, Home: 0, End: this.#shown.length - 1 }[event.key];
    const act = { '+': () => this.#zoomOnTask(0.5), '=': () => this.#zoomOnTask(0.5), '-': () => this.zoom(2), f: () => this.#fit(), 0: () => this.reset(), ArrowLeft: () => this.pan(-0.2), ArrowRight: () => this.pan(0.2) }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (to === undefined && !act)) return;
    event.preventDefault();
    if (act) act();
    else this.focus(this.#shown[Math.min(Math.max(to, 0), this.#shown.length - 1)]);
  }

  /** Around the task that has the focus, so that it stays in sight. */
  #zoomOnTask(factor) {
    const { startMs, endMs } = this.#rows.get(this.#current).task;
    const place = (((startMs ?? endMs) + endMs) / 2 - this.#from) / (this.#to - this.#from);
    this.zoom(factor, Math.min(Math.max(place, 0), 1));
  }

  /** Shows the task that has the focus as large as it gets. */
  #fit() {
    const { startMs, endMs } = this.#rows.get(this.#current).task;
    const edge = Math.max(NARROWEST_MS, (endMs - (startMs ?? endMs)) * 0.1);
    this.look((startMs ?? endMs) - edge, endMs + edge);
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

/** What happened to a task, from left to right. */
function lanePieces(task) {
  const pieces = [];
  const piece = (name, from, to, words, text = '') => {
    if (to > from || name.startsWith('bar')) pieces.push(make('span', { class: name, '--a': from, '--b': to, 'data-tip': words }, text && make('span', {}, text)));
  };
  const start = task.startMs ?? task.endMs;
  piece('wait later', 0, task.askedMs, `asked for at ${clock(task.askedMs)} at the latest`);
  piece('wait blocked', task.askedMs, task.readyMs, `waits for ${task.dependencyIds.join(', ')}`);
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
  const lines = [run.isWorkflow && ['later', 'not asked for yet, as far as the report tells'], ['blocked', 'waits for other tasks'], ['queued', 'waits for a place'], ['pause', 'pause'], ['starting', 'not running yet']].filter(Boolean).map(([name, words]) =>
    make('span', {}, make('span', { class: `key ${name}`, 'aria-hidden': 'true' }), words));
  const hatch = make('span', {}, make('span', { class: 'key hatch', 'aria-hidden': 'true' }), 'did not succeed');
  refill(at('legend'), ...keys, hatch, ...lines);
}

/** Words beside the pointer. */
function showTips() {
  const tip = at('tip');
  addEventListener('pointermove', (event) => {
    const words = event.buttons === 0 && event.target instanceof Element ? event.target.closest('[data-tip]')?.getAttribute('data-tip') : null;
    tip.hidden = !words;
    if (!words) return;
    tip.textContent = words;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${event.clientY + 18 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 18}px`;
  });
  const hide = () => (tip.hidden = true);
  document.documentElement.addEventListener('pointerleave', hide);
  // What is below the pointer may be something else now.
  for (const name of ['scroll', 'click', 'keydown', 'resize']) addEventListener(name, hide, { capture: true });
}
