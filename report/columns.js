'use strict';
// Where the nodes of a graph stand. Touches nothing of the page.

const NODE = { width: 168, height: 30, across: 64, down: 10, edge: 16 };
/** Sweeps that put each task near its neighbours; more change little. */
const SWEEPS = 8;

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
