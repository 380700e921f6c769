/** A query's rows in the order of a key, in batches, so that rows may be written in between. No batch is empty. */
export function* batches<Row, Key>(
  first: Key,
  readAfter: (key: Key) => readonly Row[],
  keyOf: (row: Row) => Key,
): Generator<readonly Row[], undefined> {
  let rows = readAfter(first);
  for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
    yield rows;
    rows = readAfter(keyOf(last));
  }
}

/** As {@link batches}, row by row. */
export function* inBatches<Row, Key>(
  first: Key,
  readAfter: (key: Key) => readonly Row[],
  keyOf: (row: Row) => Key,
): Generator<Row, undefined> {
  for (const rows of batches(first, readAfter, keyOf)) yield* rows;
}
