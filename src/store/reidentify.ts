import type { Database } from 'better-sqlite3';
import { canonicalJson } from '../inventory/canonical-json.ts';
import type { RowSet } from './row-set.ts';

/** The two ids of one image, the earlier first. */
export type Ids = readonly [before: string, after: string];

/**
 * Finds images that a run saw go under one id and come under another. A PATCH of `requireSignedURLs` gives an
 * image a new id (Cloudflare's API reference, "Update an image"), so a list shows it as one removal and
 * one addition that are equal in file name, upload time, creator and meta, and differ in that flag.
 *
 * Only pairs beyond doubt are linked: no other removed or new image of the run may be equal to either.
 *
 * @param gone - The rows that are removed.
 * @param firstRow - The first row of the new images.
 * @returns Both rows of each pair, by row id.
 */
export function findReidentified(
  database: Database,
  accountKey: number,
  gone: RowSet,
  firstRow: number,
): ReadonlyMap<number, Ids> {
  const found = new Map<number, Ids>();
  if (gone.size === 0) return found;
  database.function('canonical_json', { deterministic: true }, (text: unknown) =>
    typeof text === 'string' ? canonicalJson(text) : null,
  );
  database.exec('CREATE TEMP TABLE gone_rows (row_id INTEGER PRIMARY KEY)');
  try {
    const note = database.prepare('INSERT INTO gone_rows VALUES (?)');
    for (const rowId of gone) note.run(rowId);
    for (const pair of database
      .prepare<[number, number], Pair>(PAIRS)
      .iterate(accountKey, firstRow)) {
      const ids: Ids = [pair.oldId, pair.newId];
      found.set(pair.oldRow, ids).set(pair.newRow, ids);
    }
  } finally {
    database.exec('DROP TABLE gone_rows');
  }
  return found;
}

interface Pair {
  readonly oldRow: number;
  readonly oldId: string;
  readonly newRow: number;
  readonly newId: string;
}

const IDENTITY = `uploaded, filename, creator, canonical_json(meta)`;
const COLUMNS = `row_id, id, require_signed_urls AS flag, uploaded, filename, creator, canonical_json(meta) AS meta`;

const PAIRS = `
  WITH
    removed AS (
      SELECT ${COLUMNS} FROM temp.gone_rows JOIN stored_images USING (row_id)
      WHERE uploaded IS NOT NULL GROUP BY ${IDENTITY} HAVING count(*) = 1
    ),
    added AS (
      SELECT ${COLUMNS} FROM stored_images
      WHERE account_key = ? AND row_id >= ?
        AND uploaded IN (SELECT uploaded FROM temp.gone_rows JOIN stored_images USING (row_id))
      GROUP BY ${IDENTITY} HAVING count(*) = 1
    )
  SELECT removed.row_id AS oldRow, removed.id AS oldId, added.row_id AS newRow, added.id AS newId
  FROM removed JOIN added USING (uploaded)
  WHERE removed.filename IS added.filename AND removed.creator IS added.creator
    AND removed.meta IS added.meta AND removed.flag <> added.flag`;
