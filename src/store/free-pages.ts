import type { Database } from 'better-sqlite3';

/** `PRAGMA auto_vacuum` of a file whose space can be given back; an older one keeps it, and fills it again. */
const INCREMENTAL = 2;

/**
 * Gives the space of deleted rows back to the disk, in small transactions.
 *
 * @param batch - Pages in one of them.
 * @returns Yields how many pages were freed, batch by batch.
 */
export function* freePages(database: Database, batch: number): Generator<number, undefined> {
  const read = (pragma: string): number => Number(database.pragma(pragma, { simple: true }));
  if (read('auto_vacuum') !== INCREMENTAL) return;
  for (let free = read('freelist_count'); free > 0;) {
    database.pragma(`incremental_vacuum(${batch})`);
    const left = read('freelist_count');
    if (left >= free) return;
    yield free - left;
    free = left;
  }
}
