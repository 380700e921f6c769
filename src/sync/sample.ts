/** Some of many, each with the same chance, and how many there were. */
export interface Sample<T> {
  readonly drawn: readonly T[];
  readonly total: number;
}

/**
 * Draws from a stream of unknown length, whose items are never held but for those drawn (reservoir
 * sampling: J. S. Vitter, "Random Sampling with a Reservoir", algorithm R).
 *
 * @param size - How many to draw; all, if there are no more.
 * @param random - 0 (inclusive) to 1 (exclusive).
 */
export function sample<T>(
  batches: Iterable<readonly T[]>,
  size: number,
  random: () => number,
): Sample<T> {
  const drawn: T[] = [];
  let total = 0;
  for (const batch of batches) {
    for (const item of batch) {
      total += 1;
      if (drawn.length < size) {
        drawn.push(item);
        continue;
      }
      const place = Math.floor(random() * total);
      if (place < size) drawn[place] = item;
    }
  }
  return { drawn, total };
}
