import type { Database } from 'better-sqlite3';
import type { StoredAccount } from './accounts.ts';
import { findHorizon } from './horizon.ts';
import { IS_PUBLISHED } from './ledger.ts';

/**
 * The earliest run from which on every run found the images that one found: none between them changed anything, not even
 * for a while. As far as the ledger remembers: what was before the horizon counts as different.
 *
 * @param runId - A published run.
 */
export function sameSince(
  database: Database,
  { key, accountId }: StoredAccount,
  runId: number,
): number {
  const published = `SELECT run_id FROM runs WHERE account_id = @accountId AND ${IS_PUBLISHED}`;
  const last = database
    .prepare<[object], number | null>(
      `SELECT max(run_id) FROM (${published}
         AND run_id <= @runId AND added + changed + removed + restored > 0)`,
    )
    .pluck()
    .get({ accountId, runId });
  const first = database
    .prepare<[object], number | null>(`SELECT min(run_id) FROM (${published})`)
    .pluck()
    .get({ accountId });
  return Math.max(last ?? 0, first ?? 0, findHorizon(database, key) ?? 0);
}
