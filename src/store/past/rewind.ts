import type { Database } from 'better-sqlite3';
import type { Change } from '../../inventory/change.ts';
import { Failure } from '../../inventory/failure.ts';
import { undo, type Known } from '../../inventory/undo.ts';
import type { StoredAccount } from '../accounts.ts';
import { stateReader, type StoredState } from './state.ts';
import { touchedImages } from './touched.ts';
import type { PublishedRun } from './published-run.ts';

/** An image that some run touched, and what was known of it earlier. */
export interface Rewound {
  readonly imageId: string;
  /** What the database knows of it now. */
  readonly now: StoredState;
  /** What was known just after each of the runs that were asked for. */
  readonly then: readonly Known[];
  /** What happened to it since the earliest of them, the latest first. */
  readonly changes: readonly RunChange[];
}

/** A change, and the run that found it. */
export type RunChange = Change & { readonly runId: number };

/**
 * Walks the images that were touched since a run back in time, in the order of their ids; images that it does not name
 * are as they were. One image is in memory at a time.
 *
 * @param runs - The latest first.
 * @throws Failure `DATABASE_DAMAGED` if a change does not fit what came after it.
 */
export function* rewind(
  database: Database,
  account: StoredAccount,
  runs: readonly PublishedRun[],
): Generator<Rewound, undefined> {
  const { accountId } = account;
  const since = Math.min(...runs.map(({ runId }) => runId));
  const stateOf = stateReader(database, account);
  // The plus keeps SQLite from the index of whole runs. Within one image, later changes have greater numbers.
  const changesOf = database.prepare<[string, string, number], RunChange>(
    `SELECT image_id AS imageId, run_id AS runId, kind, diff FROM changes
     WHERE account_id = ? AND image_id = ? AND +run_id > ? ORDER BY change_id DESC`,
  );
  const takeBack = undoer(database, account);
  for (const imageId of touchedImages(database, account, since)) {
    const now = stateOf(imageId);
    const changes = changesOf.all(accountId, imageId, since);
    yield { imageId, now, then: statesAt(runs, now.known, changes, takeBack), changes };
  }
}

function statesAt(
  runs: readonly PublishedRun[],
  now: Known,
  changes: readonly RunChange[],
  takeBack: (change: RunChange, later: Known) => Known,
): readonly Known[] {
  let known = now;
  let left = changes;
  return runs.map(({ runId }) => {
    const later = left.filter((change) => change.runId > runId);
    for (const change of later) known = takeBack(change, known);
    left = left.slice(later.length);
    return known;
  });
}

/** Takes changes back. Those of a run whose program summed up what it published hold every text that changed. */
function undoer(
  database: Database,
  { accountId }: StoredAccount,
): (change: RunChange, later: Known) => Known {
  const summed = new Set(
    database
      .prepare<[string], number>(
        'SELECT run_id FROM runs WHERE account_id = ? AND content_hash IS NOT NULL',
      )
      .pluck()
      .all(accountId),
  );
  return (change, later) => {
    const { before, fault } = undo(change, later, { isExact: summed.has(change.runId) });
    if (fault === undefined) return before;
    const what = `the row "${change.kind}" of image ${change.imageId}`;
    throw damaged(`in run ${change.runId} ${what} ${fault}`);
  };
}

/** What is on record contradicts itself, so that nothing can be said of the past. */
export function damaged(what: string): Failure {
  return new Failure('DATABASE_DAMAGED', `the past cannot be told: ${what}`, {
    hint: 'Run "image-inventory verify" to see all that is damaged, and restore a backup.',
  });
}
