/** A query's rows in the order of a key, read in batches, so that rows may be written in between. */
export function* inBatches<Row, Key>(
  first: Key,
  readAfter: (key: Key) => readonly Row[],
  keyOf: (row: Row) => Key,
): Generator<Row, undefined> {
  let rows = readAfter(first);
  for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
    yield* rows;
    rows = readAfter(keyOf(last));
  }
}
