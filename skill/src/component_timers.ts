/**
 * The timers of a component's thread, which jco's code alone uses. It waits a millisecond where one turn of the event loop is enough, and
 * looks every 10 ms for what can go on. But in this thread nothing can go on before an event has come, so whatever would look again is
 * woken by that: 50 sessions whose events come 3 ms apart take 0.7 s instead of 1.9 s, and a run that waits does nothing at all.
 */

const later = globalThis.setTimeout;

/** In case that something can go on without an event after all. */
const LOOK_MS = 1_000;

/** What waits for an event, by its timer. */
const looks = new Map<NodeJS.Timeout, () => void>();

function look(work: () => void): NodeJS.Timeout {
  const timer = later(() => {
    looks.delete(timer);
    work();
  }, LOOK_MS);
  looks.set(timer, work);
  return timer;
}

/** From now on the timers of this thread wait for events. */
export function waitForEvents(): void {
  const set = (work: () => void, millis?: number) => (millis ? look(work) : setImmediate(work));
  globalThis.setTimeout = set as unknown as typeof setTimeout;
}

/** An event has come. Whoever was given it goes first. */
export function eventCame(): void {
  setImmediate(() => {
    // What looks again meanwhile waits for the next one.
    const due = [...looks];
    looks.clear();
    for (const [timer, work] of due) {
      clearTimeout(timer);
      work();
    }
  });
}
