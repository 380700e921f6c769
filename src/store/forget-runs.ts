import type { Database } from 'better-sqlite3';
import { IS_FULL, IS_PUBLISHED } from './ledger.ts';
import { findRunsInUse } from './runs-in-use.ts';
import type { RowSet } from './row-set.ts';

/**
 * Deletes the runs that ended before a time and that nothing refers to any more: published ones before their account's
 * horizon only, and never an account's first one, by which one knows what the inventory began with; nor an account's last
 * run, nor the last full one of each choice of creators.
 *
 * @param cutoff - ISO 8601.
 * @returns Yields how many were deleted, batch by batch.
 */
export function* forgetRuns(
  database: Database,
  cutoff: string,
  batch: number,
): Generator<number, undefined> {
  if (!hasOldRuns(database, cutoff)) return;
  const inUse = yield* findRunsInUse(database, batch);
  const next = database.prepare<[{ cutoff: string; below: number; batch: number }], OldRun>(
    `SELECT run_id AS runId, resumed_run AS resumedRun, ${IS_OLD} AS isOld ${RUNS}
     WHERE run_id < @below ORDER BY run_id DESC LIMIT @batch`,
  );
  const forget = database.prepare('DELETE FROM runs WHERE run_id = ?');
  // From the latest run to the first: a run that stays keeps the one that it went on behind, which is before it.
  const forgetNext = database.transaction((below: number) => {
    const rows = next.all({ cutoff, below, batch });
    const unused = rows.filter((run) => !isKept(run, inUse));
    for (const { runId } of unused) forget.run(runId);
    return { count: unused.length, last: rows.at(-1)?.runId };
  });
  for (let below: number | undefined = Number.MAX_SAFE_INTEGER; below !== undefined;) {
    const from: number = below;
    const { count, last } = withoutForeignKeys(database, () => forgetNext.immediate(from));
    below = last;
    yield count;
  }
}

interface OldRun {
  readonly runId: number;
  readonly resumedRun: number | null;
  readonly isOld: number;
}

const RUNS = 'FROM runs CROSS JOIN accounts USING (account_id)';

/** Whether a run of {@link RUNS} may be forgotten if no image and no other run refers to it, as SQL. */
const IS_OLD = `(
  status <> 'running' AND finished_at < @cutoff
  AND (NOT ${IS_PUBLISHED} OR run_id < ifnull(forgotten_run, 0))
  AND run_id < (SELECT max(run_id) FROM runs AS later WHERE later.account_id = runs.account_id)
  AND run_id IS NOT (
    SELECT min(run_id) FROM runs AS first
    WHERE first.account_id = runs.account_id AND first.status = 'complete' AND first.mode <> 'dry-run')
  AND (NOT ${IS_FULL} OR EXISTS (
    SELECT 1 FROM runs AS later
    WHERE later.account_id = runs.account_id AND later.run_id > runs.run_id
      AND later.status = 'complete' AND later.mode = 'full' AND later.creators IS runs.creators))
  AND NOT EXISTS (SELECT 1 FROM changes WHERE changes.run_id = runs.run_id)
  AND NOT EXISTS (SELECT 1 FROM stages WHERE stages.run_id = runs.run_id))`;

function hasOldRuns(database: Database, cutoff: string): boolean {
  const find = database.prepare<[{ cutoff: string }]>(`SELECT 1 ${RUNS} WHERE ${IS_OLD} LIMIT 1`);
  return find.get({ cutoff }) !== undefined;
}

function isKept({ runId, resumedRun, isOld }: OldRun, inUse: RowSet): boolean {
  if (isOld === 1 && !inUse.has(runId)) return false;
  if (resumedRun !== null) inUse.add(resumedRun);
  return true;
}

/**
 * For each deleted run SQLite would read every image, in search of a reference to it: there is no index of these
 * columns, and each would cost as much as the ledger saves. What is in use has been found out once, for all runs.
 */
function withoutForeignKeys<T>(database: Database, work: () => T): T {
  database.pragma('foreign_keys = OFF');
  try {
    return work();
  } finally {
    database.pragma('foreign_keys = ON');
  }
}
