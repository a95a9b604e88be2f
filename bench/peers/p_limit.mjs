// The workload of a cell with p-limit: sessions that sleep, an answer that is read. TASKS SLOTS LATENCY_MS.
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';

const [tasks, slots, latency] = process.argv.slice(2).map(Number);
const began = performance.now();
const used = process.cpuUsage();
const limit = pLimit(slots);
const session = async (place) => {
  await sleep(latency);
  return JSON.parse(`{"number":${place},"verdict":"good","notes":["short","clear"]}`).number === place;
};
const answers = await Promise.all(Array.from({ length: tasks }, (_, place) => limit(() => session(place))));
if (!answers.every(Boolean)) throw new Error('an answer is wrong');
const { user, system } = process.cpuUsage(used);
console.log(JSON.stringify({ makespan_s: (performance.now() - began) / 1000, cpu_s: (user + system) / 1e6 }));
