import type { Database } from 'better-sqlite3';
import type { StoredAccount } from '../accounts.ts';
import { inBatches } from '../batches.ts';

const CREATE = `
  CREATE TEMP TABLE IF NOT EXISTS touched_images (
    account_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    image_id TEXT NOT NULL,
    PRIMARY KEY (account_id, since, image_id)
  ) WITHOUT ROWID`;

/** Ids in memory at once. */
const BATCH = 500;

/**
 * The ids of the images that an account's runs after a run have touched, sorted. They are remembered in a table of the
 * connection's own, so that one may write between any two of them, and memory does not grow with their number.
 */
export function* touchedImages(
  database: Database,
  { accountId }: StoredAccount,
  since: number,
): Generator<string, undefined> {
  database.exec(CREATE);
  // Through the ledger, so that only the changes of those runs are looked at, however many there are before them.
  database
    .prepare(
      `INSERT OR IGNORE INTO temp.touched_images
       SELECT runs.account_id, @since, changes.image_id
       FROM runs CROSS JOIN changes ON changes.run_id = runs.run_id
       WHERE runs.account_id = @accountId AND runs.run_id > @since`,
    )
    .run({ accountId, since });
  const next = database
    .prepare<[string, number, string, number], string>(
      `SELECT image_id FROM temp.touched_images
       WHERE account_id = ? AND since = ? AND image_id > ? ORDER BY image_id LIMIT ?`,
    )
    .pluck();
  yield* inBatches(
    '',
    (after) => next.all(accountId, since, after, BATCH),
    (imageId) => imageId,
  );
}
