import type { Database } from 'better-sqlite3';
import type { Known } from '../../inventory/undo.ts';
import type { StoredAccount } from '../accounts.ts';
import { COLUMNS, toImage, type ImageRow } from '../rows.ts';

/** What the database knows of an image now. */
export interface StoredState {
  readonly known: Known;
  readonly firstSeenRun?: number;
  readonly changedRun?: number;
  readonly removedRun?: number;
}

/** @returns Looks an image up by its id. */
export function stateReader(
  database: Database,
  { key, accountId }: StoredAccount,
): (imageId: string) => StoredState {
  const visibleRow = database
    .prepare<[number], number>('SELECT visible_row FROM accounts WHERE account_key = ?')
    .pluck()
    .get(key);
  const runs = 'first_seen_run AS firstSeenRun, changed_run AS changedRun';
  const findPresent = database.prepare<[number, string, number], ImageRow>(
    `SELECT id, ${COLUMNS}, ${runs} FROM stored_images
     WHERE account_key = ? AND id = ? AND row_id <= ?`,
  );
  const findGone = database.prepare<[string, string], ImageRow>(
    `SELECT id, ${COLUMNS}, ${runs}, removed_run AS removedRun FROM removed_images
     WHERE account_id = ? AND id = ?`,
  );
  const stateOf = (is: 'present' | 'gone', row: ImageRow): StoredState => ({
    ...(row as Pick<StoredState, 'firstSeenRun' | 'changedRun' | 'removedRun'>),
    known: { is, image: toImage(row) },
  });
  return (imageId) => {
    const present = findPresent.get(key, imageId, visibleRow ?? 0);
    if (present !== undefined) return stateOf('present', present);
    const gone = findGone.get(accountId, imageId);
    return gone === undefined ? { known: { is: 'unseen' } } : stateOf('gone', gone);
  };
}
