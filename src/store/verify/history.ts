import type { Database } from 'better-sqlite3';
import type { Change } from '../../inventory/change.ts';

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
