import type { Database } from 'better-sqlite3';
import type { StoredAccount } from './accounts.ts';
import { IS_PUBLISHED } from './ledger.ts';

/**
 * Moves an account's horizon: the last of its published runs that, like all published runs before it, finished before
 * a time. What a clock that was wrong for a while dated can thus be kept too long, but never be forgotten too early.
 *
 * Written before anything is deleted: from then on nobody relies on `changes` up to there. A first run changed nothing,
 * so it is no horizon.
 *
 * @param cutoff - ISO 8601.
 */
export function moveHorizon(database: Database, account: StoredAccount, cutoff: string): void {
  const { key, accountId } = account;
  const published = `SELECT run_id FROM runs WHERE account_id = @accountId AND ${IS_PUBLISHED}`;
  const horizon = database
    .prepare<[{ accountId: string; cutoff: string }], number>(
      `SELECT max(run_id) FROM (${published})
       WHERE run_id < ifnull((SELECT min(run_id) FROM (${published} AND finished_at >= @cutoff)), 1 << 62)
         AND run_id > (SELECT min(run_id) FROM (${published}))`,
    )
    .pluck()
    .get({ accountId, cutoff });
  database
    .prepare(
      'UPDATE accounts SET forgotten_run = @horizon WHERE account_key = @key AND ifnull(forgotten_run, 0) < @horizon',
    )
    .run({ key, horizon: horizon ?? null });
}

/** The run up to which an account's changes are forgotten; `undefined` while none is. */
export function findHorizon(database: Database, accountKey: number): number | undefined {
  const sql = 'SELECT forgotten_run FROM accounts WHERE account_key = ?';
  return database.prepare<[number], number | null>(sql).pluck().get(accountKey) ?? undefined;
}
