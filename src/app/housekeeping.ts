import { asFailure } from '../inventory/failure.ts';
import { formatDuration } from '../inventory/duration.ts';
import { formatCount, formatNumber } from '../inventory/quantity.ts';
import { failureFields } from '../observe/failure-fields.ts';
import type { Logger } from '../observe/logger.ts';
import type { Upkeep, UpkeepReport } from '../store/upkeep.ts';
import type { WalState } from '../store/wal.ts';
import type { Clock } from '../sync/ports/clock.ts';

/** The database's housekeeping, which tells what it did and fails nothing. */
export interface Housekeeping {
  /** After each run. */
  readonly afterRun: () => void;
  /** At a quiet time. @param retentionDays - How long runs and changes are kept; for ever if `undefined`. */
  readonly daily: (retentionDays: number | undefined, signal: AbortSignal) => Promise<void>;
}

export function createHousekeeping(upkeep: Upkeep, clock: Clock, logger: Logger): Housekeeping {
  let isWalTold = false;

  function heed(wal: WalState): void {
    if (!wal.isTooLarge) isWalTold = false;
    else if (!isWalTold) {
      isWalTold = true;
      warnOfWal(logger, wal, clock.now());
    }
  }

  async function daily(retentionDays: number | undefined, signal: AbortSignal): Promise<void> {
    try {
      const report = await upkeep.daily({ now: clock.now(), retentionDays, signal });
      tell(logger, report);
      heed(report.wal);
    } catch (error) {
      const failure = asFailure(error);
      const msg = `the housekeeping failed: ${failure.message}`;
      logger.error({ event: 'daemon.untidy', ...failureFields(failure) }, msg);
    }
  }

  return { afterRun: () => heed(upkeep.afterRun(clock.now())), daily };
}

function tell(logger: Logger, { isFinished, changes, runs, freedPages, wal }: UpkeepReport): void {
  const fields = {
    finished: isFinished,
    changes,
    runs,
    freed_pages: freedPages,
    wal_bytes: wal.bytes,
  };
  const msg = `tidied the database: forgot ${formatCount(changes, 'change')} and ${formatCount(runs, 'run')}, gave back ${formatCount(freedPages, 'page')}`;
  logger.info({ event: 'daemon.tidied', ...fields }, msg);
}

/** Told once, until it is small again. */
function warnOfWal(logger: Logger, { bytes, heldSince, problem }: WalState, now: number): void {
  const since =
    heldSince === undefined ? '' : ` for ${formatDuration(Math.max(0, now - heldSince))}`;
  const why = problem ?? `a reader has held on to it${since}`;
  const fields = { wal_bytes: bytes, held_since: heldSince && new Date(heldSince).toISOString() };
  const msg = `the write-ahead log has grown to ${formatNumber(Math.round(bytes / 1e6))} MB: ${why}`;
  logger.warn({ event: 'daemon.wal', ...fields }, msg);
}
