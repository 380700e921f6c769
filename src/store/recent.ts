import type { Database } from 'better-sqlite3';
import type { ChangeKind, Counts } from '../inventory/change.ts';
import { parseJson } from '../inventory/json-text.ts';
import type { RunMode, RunStatus } from '../sync/ports/stage.ts';
import { readLastFull, type LedgerRow } from './status.ts';

/** One of an account's last runs. Times are milliseconds since 1970. */
export interface RecentRun {
  readonly runId: number;
  readonly mode: RunMode;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly finishedAt: number | undefined;
  readonly counts: Counts;
  readonly errorMessage: string | undefined;
}

/** One of the last changes that an account's runs have published. */
export interface RecentChange {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: ChangeKind;
  readonly imageId: string;
  /** The columns that differ. */
  readonly fields: readonly string[];
}

/** Of an account's runs, the latest first. */
export const RECENT_RUNS = `SELECT * FROM runs WHERE account_id = ? ORDER BY run_id DESC LIMIT ?`;

/** Changes are looked for in so many of an account's runs: those that found nothing would be walked for nothing. */
export const RUNS_LOOKED_AT = 1000;

/**
 * Of an account's changes, those of the latest run first; within a run no change is later than another. The runs are
 * walked from their end until there is enough, so that it does not matter how many changes there are.
 */
export const RECENT_CHANGES = `
  SELECT changes.at, changes.kind, changes.image_id, changes.diff
  FROM runs CROSS JOIN changes ON changes.run_id = runs.run_id
  WHERE runs.account_id = @accountId
    AND runs.added + runs.changed + runs.removed + runs.restored > 0
    AND runs.run_id > coalesce(
      (
        SELECT run_id FROM runs WHERE account_id = @accountId
        ORDER BY run_id DESC LIMIT 1 OFFSET ${RUNS_LOOKED_AT}
      ),
      0
    )
  ORDER BY runs.run_id DESC, changes.image_id
  LIMIT @limit`;

/** An account's last runs, the latest first; where none of them is a full one, the last full one comes after them. */
export function recentRuns(database: Database, accountId: string, limit: number): RecentRun[] {
  const last = database
    .prepare<[string, number], LedgerRow>(RECENT_RUNS)
    .all(accountId, limit)
    .map(recentRun);
  if (last.some(({ mode }) => mode === 'full')) return last;
  const full = readLastFull(database, accountId);
  return full === undefined ? last : [...last, recentRun(full)];
}

function recentRun(row: LedgerRow): RecentRun {
  return {
    runId: row.run_id,
    mode: row.mode as RunMode,
    status: row.status as RunStatus,
    startedAt: Date.parse(row.started_at),
    finishedAt: row.finished_at === null ? undefined : Date.parse(row.finished_at),
    counts: countsOf(row),
    errorMessage: row.error_message ?? undefined,
  };
}

/** An account's last changes, those of the latest run first, as far as its last {@link RUNS_LOOKED_AT} runs found any. */
export function recentChanges(
  database: Database,
  accountId: string,
  limit: number,
): RecentChange[] {
  return database
    .prepare<[object], { at: string; kind: ChangeKind; image_id: string; diff: string }>(
      RECENT_CHANGES,
    )
    .all({ accountId, limit })
    .map(({ at, kind, image_id: imageId, diff }) => ({
      at: Date.parse(at),
      kind,
      imageId,
      fields: Object.keys(parseJson(diff) as object),
    }));
}

function countsOf({ listed, added, changed, removed, restored, unchanged }: LedgerRow): Counts {
  return { listed, added, changed, removed, restored, unchanged };
}
