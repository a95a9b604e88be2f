'use strict';
// Tasks in groups: by the item that they belong to, their agent type, status or error code. Touches nothing of the page.

/** Ids of the steps of an item, as map_tasks makes them. */
const OF_ITEM = /^item-(\d+)(?:-|$)/;

/** The place of the item that a task belongs to, from 1; null if it belongs to none. */
function itemOf(id) {
  const number = OF_ITEM.exec(id)?.[1];
  return number === undefined ? null : Number(number);
}

const byCount = (one, other) => other.tasks.length - one.tasks.length || (one.name < other.name ? -1 : 1);

/** For each way to group: what tells groups apart, how one is called, and their order. */
const GROUPINGS = {
  item: {
    of: ({ id }) => itemOf(id),
    name: (item) => (item === null ? 'no item' : `item ${item}`),
    order: (one, other) => (one.value ?? Infinity) - (other.value ?? Infinity),
  },
  agent: { of: ({ agent }) => agent, name: String, order: byCount },
  status: { of: ({ status }) => status, name: String, order: (one, other) => STATUSES.indexOf(one.value) - STATUSES.indexOf(other.value) },
  code: { of: ({ error }) => error?.code ?? null, name: (code) => code ?? 'no error', order: byCount },
};

/** What the list shows of tasks: each of them, or groups, with the tasks of those that are open. */
function entriesOf(tasks, grouping, open) {
  const entry = (task) => ({ key: keyOf(task.id), task });
  if (!GROUPINGS[grouping]) return tasks.map(entry);
  return groupsOf(tasks, grouping).flatMap((group) => {
    const key = groupKey(group.value);
    const isOpen = open.has(key);
    return [{ key, group, isOpen }, ...(isOpen ? group.tasks.map(entry) : [])];
  });
}

/** The key of a task's entry: no group has the same. */
function keyOf(id) {
  return `task ${id}`;
}

function groupKey(value) {
  return `group ${value}`;
}

function groupsOf(tasks, grouping) {
  const { of, name, order } = GROUPINGS[grouping];
  const groups = new Map();
  for (const task of tasks) {
    const value = of(task);
    let group = groups.get(value);
    if (!group) groups.set(value, (group = { value, name: name(value), tasks: [], startMs: null, endMs: 0 }));
    group.tasks.push(task);
    if (task.startMs !== null) group.startMs = Math.min(group.startMs ?? Infinity, task.startMs);
    group.endMs = Math.max(group.endMs, task.endMs);
  }
  return [...groups.values()].sort(order);
}

/** How many of some tasks are in which status, in the order of statuses: [["completed", 3]]. */
function censusOf(tasks) {
  const counts = count(tasks, ({ status }) => status);
  return STATUSES.filter((status) => counts.has(status)).map((status) => [status, counts.get(status)]);
}
