'use strict';
// The tasks that depend on others, in columns: each stands to the right of everything that it waited for.

const NODE = { width: 168, height: 30, across: 64, down: 10, edge: 16 };
/** Sweeps that put each task near its neighbours; more change little. */
const SWEEPS = 8;

class Graph {
  #onOpen;
  /** By the ids of their tasks. */
  #nodes = new Map();
  #edges = [];
  #svg = null;
  #width = 0;
  #scale = 1;
  #order = [];
  #drawn = '';
  #marked = null;

  constructor(onOpen) {
    this.#onOpen = onOpen;
  }

  /** Takes the run as it is now; it is drawn again only if a task or a dependency has changed. */
  update(run) {
    const drawn = JSON.stringify([run.isLive, run.tasks.map(({ id, status, dependencyIds }) => [id, status, dependencyIds])]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#nodes.clear();
    [this.#edges, this.#order, this.#svg] = [[], [], null];
    const linked = run.tasks.filter(({ dependencies, dependants }) => dependencies.length + dependants.length > 0);
    const alone = run.tasks.length - linked.length;
    if (linked.length === 0) {
      const why = run.isLive ? 'Dependencies are drawn when the run has ended.' : 'No task of this run depends on another.';
      at('graph').replaceChildren(make('p', { class: 'nothing' }, why));
      return;
    }
    const about = [`${several(linked.length, 'task')} with dependencies`];
    if (run.chain.length > 1) about.push(`the chain that ends last is drawn thick: ${several(run.chain.length, 'task')}, ${duration(run.chain[run.chain.length - 1].endMs)}`);
    if (alone > 0) about.push(`${several(alone, 'task')} without any ${alone === 1 ? 'is' : 'are'} not shown`);
    this.#draw(linked, new Set(run.chain));
    at('graph').replaceChildren(make('p', { class: 'graph-words' }, `${about.join('; ')}.`), make('div', { class: 'canvas' }, this.#svg));
    if (!at('graph').hidden) this.resize();
    this.mark(this.#marked);
  }

  /** Marks a task, by its id, and all that it depends on or that depends on it; null: none. */
  mark(id) {
    this.#marked = id;
    const task = this.#order.find((one) => one.id === id);
    const near = task ? new Set([...reach(task, 'dependencies'), ...reach(task, 'dependants')]) : null;
    this.#svg?.classList.toggle('chosen', Boolean(near));
    for (const other of this.#order) {
      this.#nodes.get(other.id).classList.toggle('near', Boolean(near?.has(other)));
      this.#nodes.get(other.id).classList.toggle('open', other === task);
    }
    if (task) this.#nodes.get(id).scrollIntoView({ block: 'nearest', inline: 'nearest' });
    for (const { from, to, path } of this.#edges) path.classList.toggle('near', Boolean(near?.has(from) && near.has(to)));
  }

  /** Moves the focus to a task, or to the tab if the task is not drawn. */
  focus(id) {
    (this.#nodes.get(id) ?? at('tab-graph')).focus();
  }

  /** Draws it `factor` times as large; without one so that it fits. */
  resize(factor) {
    if (!this.#svg) return;
    const room = at('graph').clientWidth - 24;
    this.#scale = factor ? Math.min(Math.max(this.#scale * factor, 0.2), 3) : Math.min(1, room / this.#width);
    this.#svg.style.width = `${this.#width * this.#scale}px`;
  }

  #draw(tasks, chain) {
    const columns = arrange(tasks);
    const tallest = Math.max(...columns.map((column) => column.length));
    const height = NODE.edge * 2 + tallest * (NODE.height + NODE.down);
    this.#width = NODE.edge * 2 + columns.length * (NODE.width + NODE.across) - NODE.across;
    const places = new Map();
    columns.forEach((column, x) => column.forEach((task, y) => places.set(task, {
      x: NODE.edge + x * (NODE.width + NODE.across),
      y: NODE.edge + ((y + 0.5) * (height - 2 * NODE.edge)) / column.length - NODE.height / 2,
    })));
    for (const to of tasks) {
      for (const from of to.dependencies) {
        const thick = chain.has(from) && chain.has(to) && to.dependencies.reduce(later, undefined) === from;
        this.#edges.push({ from, to, path: draw('path', { class: thick ? 'edge chain' : 'edge', d: curve(places.get(from), places.get(to)) }) });
      }
    }
    this.#order = columns.flat();
    for (const task of this.#order) this.#nodes.set(task.id, this.#node(task, places.get(task)));
    [...this.#nodes.values()][0].setAttribute('tabindex', '0');
    const ends = this.#edges.filter(({ path }) => path.classList.contains('chain')).map(({ path }) => path);
    const others = this.#edges.filter(({ path }) => !path.classList.contains('chain')).map(({ path }) => path);
    this.#svg = draw('svg', { viewBox: `0 0 ${this.#width} ${height}`, role: 'group', 'aria-label': 'Dependencies of the tasks' },
      draw('g', { 'aria-hidden': 'true' }, others, ends), ...this.#nodes.values());
    this.#svg.style.width = `${this.#width}px`;
    this.#svg.addEventListener('keydown', (event) => this.#key(event));
  }

  #node(task, { x, y }) {
    const label = `${task.id} ${task.agent}: ${howItWent(task)}; depends on ${task.dependencyIds.join(', ') || 'nothing'}`;
    const open = () => this.#onOpen(task);
    return draw('g', { class: `node ${task.status}`, transform: `translate(${x} ${y})`, role: 'button', tabindex: '-1', 'aria-label': label, click: open, 'data-tip': `${task.id}\n${task.agent}\n${task.status}, ${duration(task.endMs - (task.startMs ?? task.endMs))}` },
      draw('rect', { width: NODE.width, height: NODE.height, rx: 6 }),
      draw('rect', { class: 'stripe', width: 5, height: NODE.height, rx: 2.5 }),
      draw('text', { x: 15, y: 20, class: 'glyph' }, GLYPHS[task.status]),
      draw('text', { x: 31, y: 20 }, task.id.length > 18 ? `${task.id.slice(0, 17)}…` : task.id));
  }

  #key(event) {
    const task = this.#order.find(({ id }) => this.#nodes.get(id) === event.target);
    if (!task) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#onOpen(task);
      return;
    }
    const place = this.#order.indexOf(task);
    const to = { ArrowRight: task.dependants[0], ArrowLeft: task.dependencies[0], ArrowDown: this.#order[place + 1], ArrowUp: this.#order[place - 1] }[event.key];
    if (!to) return;
    event.preventDefault();
    for (const node of this.#nodes.values()) node.setAttribute('tabindex', '-1');
    this.#nodes.get(to.id).setAttribute('tabindex', '0');
    this.#nodes.get(to.id).focus();
  }
}

/** The tasks in columns by depth, each column ordered so that lines are short. */
function arrange(tasks) {
  const depth = depths(tasks);
  const columns = [];
  for (const task of tasks) (columns[depth.get(task) ?? 0] ??= []).push(task);
  const place = new Map();
  const number = () => columns.forEach((column) => column.forEach((task, y) => place.set(task, (y + 0.5) / column.length)));
  number();
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const side = sweep % 2 === 0 ? 'dependencies' : 'dependants';
    for (const column of columns) {
      const wish = new Map(column.map((task) => {
        const near = task[side].map((other) => place.get(other)).filter((y) => y !== undefined);
        return [task, near.length ? near.reduce((sum, y) => sum + y, 0) / near.length : place.get(task)];
      }));
      column.sort((one, other) => wish.get(one) - wish.get(other) || one.index - other.index);
    }
    number();
  }
  return columns;
}

function curve(from, to) {
  const [x1, y1, x2, y2] = [from.x + NODE.width, from.y + NODE.height / 2, to.x, to.y + NODE.height / 2];
  const bend = Math.max(24, (x2 - x1) / 2);
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
}

/** Everything that is reached from a task along one kind of link, the task included. */
function reach(task, link) {
  const found = new Set([task]);
  for (const one of found) one[link].forEach((other) => found.add(other));
  return found;
}
