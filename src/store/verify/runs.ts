import type { Database } from 'better-sqlite3';
import type { Counts } from '../../inventory/change.ts';
import type { StoredAccount } from '../accounts.ts';
import { findHorizon } from '../horizon.ts';
import { IS_PUBLISHED } from '../ledger.ts';

/** A run of the ledger, as far as it can be proved. */
export interface ProvedRun extends Counts {
  readonly runId: number;
  readonly isPublished: boolean;
  readonly status: string;
  readonly contentHash: string | null;
  /** Whether it looked at all images, rather than the newest or some creators'; `null` if its program did not say. */
  readonly isWhole: boolean | null;
}

/** Of one account, the latest run first. */
export interface ProvedRuns {
  /** Whatever the ledger still has. */
  readonly all: readonly ProvedRun[];
  /** Back to the horizon, which is the last of them. */
  readonly published: readonly ProvedRun[];
  /** The run up to which changes are forgotten; `undefined` while none is. */
  readonly horizon: number | undefined;
  /** The first published run: it wrote no `changes`. `undefined` also when it lies before the horizon. */
  readonly baseline: ProvedRun | undefined;
  /** Those of the published runs whose program summed up what it published: their diffs hold every text that changed. */
  readonly summed: ReadonlySet<number>;
  readonly firstSummed: number | undefined;
}

type Row = Omit<ProvedRun, 'isPublished' | 'isWhole'> & {
  readonly isPublished: number;
  readonly isWhole: number | null;
};

export function readRuns(database: Database, { key, accountId }: StoredAccount): ProvedRuns {
  const all = database
    .prepare<[string], Row>(
      `SELECT run_id AS runId, status, ${IS_PUBLISHED} AS isPublished,
         listed, added, changed, removed, restored, unchanged, content_hash AS contentHash,
         CASE WHEN content_hash IS NOT NULL THEN creators IS NULL AND mode <> 'quick' END AS isWhole
       FROM runs WHERE account_id = ? ORDER BY run_id DESC`,
    )
    .all(accountId)
    .map(({ isPublished, isWhole, ...run }) => ({
      ...run,
      isPublished: isPublished === 1,
      isWhole: isWhole === null ? null : isWhole === 1,
    }));
  const horizon = findHorizon(database, key);
  const published = all.filter(({ runId, isPublished }) => isPublished && runId >= (horizon ?? 0));
  const summed = published.filter(({ contentHash }) => contentHash !== null);
  return {
    all,
    published,
    horizon,
    baseline: horizon === undefined ? published.at(-1) : undefined,
    summed: new Set(summed.map(({ runId }) => runId)),
    firstSummed: summed.at(-1)?.runId,
  };
}
