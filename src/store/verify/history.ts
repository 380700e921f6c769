import type { Database } from 'better-sqlite3';
import type { Change } from '../../inventory/change.ts';
import type { Known } from '../../inventory/undo.ts';
import type { StoredAccount } from '../accounts.ts';
import { COLUMNS, toImage, type ImageRow } from '../rows.ts';

/** One image's rows of `changes`, the latest first. */
export interface History {
  readonly imageId: string;
  readonly changes: readonly (Change & { readonly runId: number })[];
}

/**
 * The histories of all images that have one; only one is in memory.
 *
 * @param after - Only changes of later runs.
 */
export function* readHistories(
  database: Database,
  accountId: string,
  after: number,
): Generator<History> {
  const rows = database.prepare<[string, number], Change & { runId: number }>(
    `SELECT image_id AS imageId, run_id AS runId, kind, diff FROM changes
     WHERE account_id = ? AND run_id > ? ORDER BY image_id, run_id DESC`,
  );
  let history: { imageId: string; changes: (Change & { runId: number })[] } | undefined;
  for (const change of rows.iterate(accountId, after)) {
    if (history?.imageId !== change.imageId) {
      if (history !== undefined) yield history;
      history = { imageId: change.imageId, changes: [] };
    }
    history.changes.push(change);
  }
  if (history !== undefined) yield history;
}

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
