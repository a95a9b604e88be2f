'use strict';
// The tasks that depend on others, in columns: each stands to the right of everything that it waited for. Of many tasks it draws
// their kinds, or one task with those near it.

class Graph {
  #onOpen;
  #onKind;
  /** The run as it was drawn last, and the tasks of it that depend on others. */
  #run = null;
  #linked = [];
  /** By the ids of their tasks. */
  #nodes = new Map();
  #edges = [];
  #svg = null;
  #width = 0;
  #scale = 1;
  #order = [];
  #drawn = '';
  #marked = null;

  /** `onOpen(task)` for a task that somebody wants to see more of, `onKind(kind)` for a node that stands for many. */
  constructor(onOpen, onKind) {
    [this.#onOpen, this.#onKind] = [onOpen, onKind];
  }

  /** Takes the run as it is now; it is drawn again only if a task or a dependency has changed. */
  update(run) {
    const linked = run.tasks.filter(({ dependencies, dependants }) => dependencies.length + dependants.length > 0);
    const drawn = JSON.stringify([run.isLive, run.tasks.length, linked.map(({ id, status, dependencyIds }) => [id, status, dependencyIds])]);
    [this.#run, this.#linked] = [run, linked];
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#show(this.#marked);
  }

  /** Whether there are too many tasks to draw each. */
  get #isLarge() {
    return this.#linked.length > MOST_NODES;
  }

  /** Draws all tasks, or of many their kinds or those near the one with this id. */
  #show(id) {
    this.#nodes.clear();
    [this.#edges, this.#order, this.#svg] = [[], [], null];
    const { isLive, chain, tasks } = this.#run;
    const say = (words) => at('graph').replaceChildren(make('p', { class: 'nothing' }, words));
    if (this.#linked.length === 0) return say(isLive ? 'Dependencies are drawn when the run has ended.' : 'No task of this run depends on another.');
    const task = this.#isLarge ? this.#linked.find((one) => one.id === id) : undefined;
    const nodes = !this.#isLarge ? this.#linked : task ? nearOf(task) : kindsOf(this.#linked);
    if (!nodes) return say(`${several(this.#linked.length, 'task')} depend on each other, and their names are too different to draw them together. Open a task in the timeline to see those near it.`);
    this.#draw(nodes, new Set(chain));
    const back = task && make('button', { class: 'link', click: () => this.#back() }, 'All kinds of tasks');
    at('graph').replaceChildren(make('p', { class: 'graph-words' }, this.#words(task, nodes), ' ', back || ''), make('div', { class: 'canvas' }, this.#svg));
    if (!at('graph').hidden) this.resize();
    if (tasks.some((one) => one.id === id)) this.#mark(id);
  }

  #words(task, nodes) {
    const { tasks, chain } = this.#run;
    const about = [`${several(this.#linked.length, 'task')} with dependencies`];
    if (task) about.push(`drawn are ${task.id} and ${thousands(nodes.length - 1)} of those before and after it`);
    else if (this.#isLarge) about.push('each node stands for those that are called alike but for numbers; open a task in the timeline to see what is near it');
    if (!this.#isLarge && chain.length > 1) about.push(`the chain that ends last is drawn thick: ${several(chain.length, 'task')}, ${duration(chain[chain.length - 1].endMs)}`);
    const alone = tasks.length - this.#linked.length;
    if (alone > 0) about.push(`${several(alone, 'task')} without any ${alone === 1 ? 'is' : 'are'} not shown`);
    return `${about.join('; ')}.`;
  }

  /** From the tasks near one to the kinds of all. */
  #back() {
    this.#marked = null;
    this.#show(null);
    at('graph').querySelector('.node')?.focus();
  }

  /** Marks a task, by its id, and all that it depends on or that depends on it; null: none. */
  mark(id) {
    const isSame = this.#marked === id;
    this.#marked = id;
    if (this.#isLarge && !isSame) this.#show(id);
    else this.#mark(id);
  }

  #mark(id) {
    const task = this.#order.find((one) => one.id === id);
    const near = task ? new Set([...reach(task, 'dependencies'), ...reach(task, 'dependants')]) : null;
    this.#svg?.classList.toggle('chosen', Boolean(near) && !this.#isLarge);
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
      for (const from of to.dependencies.filter((one) => places.has(one))) {
        const thick = chain.has(from) && chain.has(to) && to.dependencies.reduce(later, undefined) === from;
        this.#edges.push({ from, to, path: draw('path', { class: thick ? 'edge chain' : 'edge', d: curve(places.get(from), places.get(to)) }) });
      }
    }
    this.#order = columns.flat();
    for (const one of this.#order) this.#nodes.set(one.id, one.tasks ? this.#kind(one, places.get(one)) : this.#node(one, places.get(one)));
    [...this.#nodes.values()][0].setAttribute('tabindex', '0');
    const ends = this.#edges.filter(({ path }) => path.classList.contains('chain')).map(({ path }) => path);
    const others = this.#edges.filter(({ path }) => !path.classList.contains('chain')).map(({ path }) => path);
    this.#svg = draw('svg', { viewBox: `0 0 ${this.#width} ${height}`, role: 'group', 'aria-label': 'Dependencies of the tasks' },
      draw('g', { 'aria-hidden': 'true' }, others, ends), ...this.#nodes.values());
    this.#svg.style.width = `${this.#width}px`;
    this.#svg.addEventListener('keydown', (event) => this.#key(event));
  }

  #node(task, { x, y }) {
    const label = `${task.id} ${task.agent}: ${howItWent(task)}; depends on ${someOf(task.dependencyIds) || 'nothing'}`;
    const open = () => this.#onOpen(task);
    return draw('g', { class: `node ${task.status}`, transform: `translate(${x} ${y})`, role: 'button', tabindex: '-1', 'aria-label': label, click: open, 'data-tip': `${task.id}\n${task.agent}\n${task.status}, ${duration(task.endMs - (task.startMs ?? task.endMs))}` },
      draw('rect', { width: NODE.width, height: NODE.height, rx: 6 }),
      draw('rect', { class: 'stripe', width: 5, height: NODE.height, rx: 2.5 }),
      draw('text', { x: 15, y: 20, class: 'glyph' }, GLYPHS[task.status]),
      draw('text', { x: 31, y: 20 }, cut(task.id)));
  }

  /** A node for many tasks: how many there are, and how they ended as parts of a bar. */
  #kind(kind, { x, y }) {
    const census = censusOf(kind.tasks);
    const words = `${thousands(kind.tasks.length)} × ${kind.name}: ${census.map(([status, times]) => `${thousands(times)} ${status}`).join(', ')}`;
    const after = someOf(kind.dependencies.map(({ name }) => name)) || 'nothing';
    let from = 0;
    const shares = census.map(([status, times]) => {
      const width = ((NODE.width - 12) * times) / kind.tasks.length;
      from += width;
      return draw('rect', { class: `share ${status}`, x: 6 + from - width, y: NODE.height - 7, width, height: 4 });
    });
    const open = () => this.#onKind(kind);
    return draw('g', { class: 'node kind', transform: `translate(${x} ${y})`, role: 'button', tabindex: '-1', 'aria-label': `${words}; depends on ${after}`, click: open, 'data-tip': `${words}\nA click shows them in time.` },
      draw('rect', { width: NODE.width, height: NODE.height, rx: 6 }),
      draw('text', { x: 8, y: 16 }, `${thousands(kind.tasks.length)} × ${cut(kind.name)}`), shares);
  }

  #key(event) {
    const task = this.#order.find(({ id }) => this.#nodes.get(id) === event.target);
    if (!task) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      if (task.tasks) this.#onKind(task);
      else this.#onOpen(task);
      return;
    }
    const place = this.#order.indexOf(task);
    const drawn = (others) => others.find(({ id }) => this.#nodes.has(id));
    const to = { ArrowRight: drawn(task.dependants), ArrowLeft: drawn(task.dependencies), ArrowDown: this.#order[place + 1], ArrowUp: this.#order[place - 1] }[event.key];
    if (!to) return;
    event.preventDefault();
    for (const node of this.#nodes.values()) node.setAttribute('tabindex', '-1');
    this.#nodes.get(to.id).setAttribute('tabindex', '0');
    this.#nodes.get(to.id).focus();
  }
}

function cut(name) {
  return name.length > 18 ? `${name.slice(0, 17)}…` : name;
}
