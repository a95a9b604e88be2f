/** Collections that would grow for as long as the gateway runs. */

/** Removes the oldest where there are too many. */
export function forgetOldest(all: Map<unknown, unknown> | Set<unknown>, most: number): void {
  for (const oldest of all.keys()) {
    if (all.size <= most) break;
    all.delete(oldest);
  }
}
