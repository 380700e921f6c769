import type { Database } from 'better-sqlite3';
import { RowSet } from './row-set.ts';

/** The columns of images that name runs. */
const TABLES = [
  { table: 'removed_images', columns: ['first_seen_run', 'changed_run', 'removed_run'] },
  { table: 'stored_images', columns: ['first_seen_run', 'changed_run'] },
] as const;

/**
 * Finds the runs that an image names, looking at so many rows in one go; yields zeros in between. An earlier run that
 * is not among them will never be again: only an image that has it passes it on.
 */
export function* findRunsInUse(database: Database, batch: number): Generator<number, RowSet> {
  const inUse = new RowSet();
  const begun = lastChange(database);
  for (const { table, columns } of TABLES) {
    const last = database
      .prepare<[], number | null>(`SELECT max(rowid) FROM ${table}`)
      .pluck()
      .get();
    const named = database
      .prepare<[number, number], number[]>(
        `SELECT DISTINCT ${columns.join(', ')} FROM ${table} WHERE rowid > ? AND rowid <= ?`,
      )
      .raw();
    for (let row = 0; row < (last ?? 0); row += batch) {
      for (const runs of named.iterate(row, row + batch)) addAll(inUse, runs);
      yield 0;
    }
  }
  addMoved(database, begun, inUse);
  return inUse;
}

/** What was published meanwhile may have moved images from a table not yet read to one that was, or back. */
function addMoved(database: Database, begun: number, inUse: RowSet): void {
  const moved = `(SELECT account_id, image_id AS id FROM changes WHERE change_id > ?)`;
  const named = database
    .prepare<[number, number], number[]>(
      `SELECT first_seen_run, changed_run, changed_run
       FROM ${moved} JOIN accounts USING (account_id) JOIN stored_images USING (account_key, id)
       UNION SELECT first_seen_run, changed_run, removed_run
       FROM ${moved} JOIN removed_images USING (account_id, id)`,
    )
    .raw();
  for (const runs of named.iterate(begun, begun)) addAll(inUse, runs);
}

function lastChange(database: Database): number {
  const last = database
    .prepare<[], number | null>('SELECT max(change_id) FROM changes')
    .pluck()
    .get();
  return last ?? 0;
}

function addAll(runs: RowSet, more: readonly number[]): void {
  for (const run of more) runs.add(run);
}
