'use strict';
// A picture of many tasks in few nodes: each stands for the tasks that are called alike but for numbers and stand equally deep.
// Touches nothing of the page.

/** Nodes that a picture has at most. */
const MOST_NODES = 400;
/** Tasks before and after one that are drawn with it, the nearest first. */
const MOST_NEAR = 100;

/** Tasks as kinds that depend on each other as they do; null if even these are too many. A kind has what a node is drawn by. */
function kindsOf(tasks) {
  const depth = depths(tasks);
  const names = [({ id }) => id.replace(/\d+/g, '#'), ({ agent }) => agent];
  for (const name of names) {
    const kinds = sorted(tasks, (task) => [name(task), depth.get(task) ?? 0]);
    if (kinds.length <= MOST_NODES) return kinds;
  }
  return null;
}

function sorted(tasks, of) {
  const kinds = new Map();
  const kindOf = new Map();
  for (const task of tasks) {
    const [name, deep] = of(task);
    const key = JSON.stringify([name, deep]);
    let kind = kinds.get(key);
    if (!kind) kinds.set(key, (kind = { id: key, name, index: kinds.size, tasks: [], ids: new Set(), dependencies: [], dependants: [] }));
    kind.tasks.push(task);
    kind.ids.add(task.id);
    kindOf.set(task, kind);
  }
  for (const kind of kinds.values()) {
    kind.dependencies = [...new Set(kind.tasks.flatMap(({ dependencies }) => dependencies).map((task) => kindOf.get(task)))].filter((other) => other && other !== kind);
    for (const other of kind.dependencies) other.dependants.push(kind);
  }
  return [...kinds.values()];
}

/** A task with those before and after it. */
function nearOf(task) {
  return [...new Set([...reach(task, 'dependencies', MOST_NEAR), ...reach(task, 'dependants', MOST_NEAR)])];
}

/** What is reached from a task along one kind of link, the task included, the nearest first; at most so many. */
function reach(task, link, most = Infinity) {
  const found = new Set([task]);
  for (const one of found) {
    for (const other of one[link]) {
      if (found.size > most) return found;
      found.add(other);
    }
  }
  return found;
}
