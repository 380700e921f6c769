import type { Database } from 'better-sqlite3';
import { reworded } from '../inventory/compare.ts';
import { FIELDS, type Image } from '../inventory/image.ts';
import { batches, inBatches } from './batches.ts';
import { ASSIGNMENTS, COLUMNS, rowIdOf, toCells, toImage, type ImageRow } from './rows.ts';
import type { ShownImages, ShownRow } from './shown-images.ts';

/** Rows held in memory at once. */
const BATCH = 500;

export interface ChangedImages {
  readonly database: Database;
  readonly accountKey: number;
  readonly runId: number;
  readonly shown: ShownImages;
  /** Told of each image that is about to change. */
  readonly onChange: (before: Image, after: Image) => void;
}

/**
 * Makes images that readers know what they were staged to be. All of them by one statement: the full-text index writes out
 * what it has at every one. The caller holds the transaction.
 *
 * @returns How many there are.
 */
export function publishChanged(changed: ChangedImages): number {
  const count = tellChanges(changed);
  if (count === 0) return 0;
  applyStaged(changed);
  rememberBytes(changed);
  return count;
}

/** Tells of the changes, and sees to it that what is staged keeps the words that mean the same. */
function tellChanges({ database, accountKey, onChange }: ChangedImages): number {
  const nextStaged = database.prepare<[number, number, number], ImageRow>(
    `SELECT row_id, id, ${COLUMNS} FROM staged_images
     WHERE account_key = ? AND row_id > ? ORDER BY row_id LIMIT ?`,
  );
  const find = database.prepare<[number, number, string], ImageRow>(
    `SELECT id, ${COLUMNS} FROM stored_images WHERE row_id = ? AND account_key = ? AND id = ?`,
  );
  const reword = database.prepare(`UPDATE staged_images SET ${ASSIGNMENTS} WHERE row_id = ?`);
  const staged = inBatches(0, (after) => nextStaged.all(accountKey, after, BATCH), rowIdOf);
  let count = 0;
  for (const stagedRow of staged) {
    const shown = toImage(stagedRow);
    const rowId = rowIdOf(stagedRow);
    const row = find.get(rowId, accountKey, shown.id);
    if (row === undefined) continue;
    const before = toImage(row);
    const after = reworded(before, shown);
    if (FIELDS.some(({ key }) => after[key] !== shown[key])) {
      reword.run(...toCells(after), rowId);
    }
    onChange(before, after);
    count += 1;
  }
  return count;
}

/** Each index of a column that a statement names is written, also where the column stays as it is. So these have one of their own. */
const INDEXED: ReadonlySet<string> = new Set(['creator', 'uploaded']);

const STAGED = `FROM staged_images AS staged
  WHERE staged.account_key = ? AND stored_images.row_id = staged.row_id
    AND stored_images.account_key = staged.account_key AND stored_images.id = staged.id`;

function applyStaged({ database, accountKey, runId }: ChangedImages): void {
  const columns = FIELDS.map(({ column }) => column);
  const assign = (column: string): string => `${column} = staged.${column}`;
  const indexed = columns.filter((column) => INDEXED.has(column));
  const others = columns.filter((column) => !INDEXED.has(column));
  const differs = indexed.map((column) => `stored_images.${column} IS NOT staged.${column}`);
  database
    .prepare(
      `UPDATE stored_images SET ${indexed.map(assign).join(', ')} ${STAGED} AND (${differs.join(' OR ')})`,
    )
    .run(accountKey);
  database
    .prepare(`UPDATE stored_images SET ${others.map(assign).join(', ')}, changed_run = ? ${STAGED}`)
    .run(runId, accountKey);
}

/** The bytes that showed the changes now stand for the rows. */
function rememberBytes({ database, accountKey, shown }: ChangedImages): void {
  const next = database.prepare<[number, number, number], ShownRow>(
    `SELECT row_id AS rowId, staged.digest FROM staged_images AS staged
     CROSS JOIN stored_images USING (row_id, account_key, id)
     WHERE account_key = ? AND row_id > ? AND staged.digest IS NOT NULL ORDER BY row_id LIMIT ?`,
  );
  const changes = batches(
    0,
    (after) => next.all(accountKey, after, BATCH),
    ({ rowId }) => rowId,
  );
  for (const batch of changes) shown.writeAll(batch);
}
