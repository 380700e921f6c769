import { setImmediate } from 'node:timers/promises';
import type { WritableDatabase } from './database.ts';
import { explainSqlite } from './errors.ts';
import { freePages } from './free-pages.ts';
import { forgetPast } from './retention.ts';
import { WalKeeper, type WalState } from './wal.ts';

export interface DailyOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long changes and runs are kept; for ever if `undefined`. */
  readonly retentionDays: number | undefined;
  /** Stops between two batches. */
  readonly signal: AbortSignal;
}

/** What was done. */
export interface UpkeepReport {
  /** Whether it came to its end; the next time goes on otherwise. */
  readonly isFinished: boolean;
  /** Rows of `changes` that were deleted. */
  readonly changes: number;
  /** Rows of `runs` that were deleted. */
  readonly runs: number;
  /** Pages that were given back to the disk. */
  readonly freedPages: number;
  readonly wal: WalState;
}

/** The housekeeping of an inventory that is open for writing. */
export interface Upkeep {
  /**
   * Keeps the write-ahead log small. Quick; never fails.
   *
   * @param now - Milliseconds since 1970.
   */
  afterRun(now: number): WalState;
  /**
   * Forgets what is too old, gives space back, and refreshes what SQLite knows of its indexes. Runs may go on
   * meanwhile in this process: it works in small pieces, and lets others have a turn after each.
   *
   * @throws Failure `DATABASE_WRITE_FAILED`, with everything done that was done before it.
   */
  daily(options: DailyOptions): Promise<UpkeepReport>;
}

const DAY_MS = 86_400_000;
/** Rows, or pages, of one piece of work. */
const BATCH = 1000;

/** @param largestWalBytes - A log beyond this is cut back. */
export function createUpkeep(writable: WritableDatabase, largestWalBytes?: number): Upkeep {
  const wal = new WalKeeper(writable, largestWalBytes);
  const afterRun = (now: number): WalState => wal.checkpoint(now);

  async function daily(options: DailyOptions): Promise<UpkeepReport> {
    const { now, signal } = options;
    const total = { changes: 0, runs: 0, freedPages: 0 };
    for (const piece of pieces(writable, options)) {
      total.changes += piece.changes;
      total.runs += piece.runs;
      total.freedPages += piece.freedPages;
      await setImmediate();
      if (signal.aborted) return { isFinished: false, ...total, wal: afterRun(now) };
    }
    return { isFinished: true, ...total, wal: afterRun(now) };
  }

  return { afterRun, daily };
}

type Piece = Pick<UpkeepReport, 'changes' | 'runs' | 'freedPages'>;

function* pieces(
  { database, path }: WritableDatabase,
  { now, retentionDays }: DailyOptions,
): Generator<Piece, undefined> {
  try {
    if (retentionDays !== undefined) {
      const before = now - retentionDays * DAY_MS;
      for (const forgotten of forgetPast(database, { before, batch: BATCH })) {
        yield { ...forgotten, freedPages: 0 };
      }
    }
    for (const freed of freePages(database, BATCH)) {
      yield { changes: 0, runs: 0, freedPages: freed };
    }
    // Looks at so many rows of an index, however large it is.
    database.pragma('analysis_limit = 400');
    database.pragma('optimize');
  } catch (error) {
    throw explainSqlite(error, path);
  }
}
