import type { Database } from 'better-sqlite3';
import { findOrAddAccount, type StoredAccount } from './accounts.ts';
import { findHorizon, moveHorizon } from './horizon.ts';
import { forgetRuns } from './forget-runs.ts';
import { isoTime } from './ledger.ts';
import { knownAccounts } from './status.ts';

export interface RetentionOptions {
  /** What is older than this is forgotten, in milliseconds since 1970. */
  readonly before: number;
  /** Rows deleted, or looked at, in one go. */
  readonly batch: number;
}

/** Rows deleted by one batch. */
export interface Forgotten {
  readonly changes: number;
  readonly runs: number;
}

/**
 * Forgets changes and runs of long ago, in small transactions, with the right to do something else between any two.
 * `removed_images` is not touched.
 *
 * First the horizon of each account is written down, then what lies before it is deleted. However far that came, the
 * inventory is sound, and the next time finishes it.
 *
 * @returns Yields what each batch deleted; a batch that only looked around yields zeros.
 */
export function* forgetPast(
  database: Database,
  { before, batch }: RetentionOptions,
): Generator<Forgotten, undefined> {
  const cutoff = isoTime(before);
  const accounts = knownAccounts(database).map((id) => findOrAddAccount(database, id));
  for (const account of accounts) {
    moveHorizon(database, account, cutoff);
    yield { changes: 0, runs: 0 };
    for (const changes of forgetChanges(database, account, batch)) yield { changes, runs: 0 };
  }
  for (const runs of forgetRuns(database, cutoff, batch)) yield { changes: 0, runs };
}

/** Deletes an account's changes up to its horizon, and says how many each time. */
function* forgetChanges(
  database: Database,
  { key, accountId }: StoredAccount,
  batch: number,
): Generator<number, undefined> {
  const horizon = findHorizon(database, key);
  if (horizon === undefined) return;
  // In the order of runs, going on where the last batch ended: most runs have no changes to look for. The table's last
  // row stays until there is a later one, so that no change_id is ever given twice.
  const next = database.prepare<
    [string, number, number, number],
    { changeId: number; runId: number }
  >(
    `SELECT c.change_id AS changeId, r.run_id AS runId
     FROM runs AS r CROSS JOIN changes AS c ON c.run_id = r.run_id
     WHERE r.account_id = ? AND r.run_id >= ? AND r.run_id <= ?
       AND c.change_id < (SELECT max(change_id) FROM changes)
     ORDER BY r.run_id LIMIT ?`,
  );
  const forget = database.prepare('DELETE FROM changes WHERE change_id = ?');
  const forgetNext = database.transaction((from: number) => {
    const rows = next.all(accountId, from, horizon, batch);
    for (const { changeId } of rows) forget.run(changeId);
    return { count: rows.length, last: rows.at(-1)?.runId };
  });
  for (let from: number | undefined = 0; from !== undefined;) {
    const { count, last } = forgetNext.immediate(from);
    from = last;
    if (count > 0) yield count;
  }
}
