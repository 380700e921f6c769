import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemClock } from '../app/system-clock.ts';
import { loadConfig, type Config, type Flags } from '../config/load.ts';
import { formatDuration } from '../inventory/duration.ts';
import { Failure } from '../inventory/failure.ts';
import { printable } from '../inventory/printable.ts';
import { formatNumber } from '../inventory/quantity.ts';
import { shortened } from '../inventory/shortened.ts';
import { openForReading } from '../store/database.ts';
import { explainReading } from '../store/errors.ts';
import { isLocked } from '../store/lock.ts';
import { chosenAccounts, readAccountStatus, type AccountStatus } from '../store/status.ts';
import { formatCounts } from './change-text.ts';
import { EXIT } from './exit-codes.ts';
import { printJson, printResult, reportFailure } from './streams.ts';
import { formatTable } from './table.ts';

/** A message may have as many characters as a server likes. */
const MESSAGE_LENGTH = 300;

export interface StatusOptions {
  readonly json?: boolean;
  /** Milliseconds. */
  readonly maxAge?: number;
}

/** `status`: last run and counts of each account. */
export function statusCommand(flags: Flags, options: StatusOptions): number {
  const config = loadConfig(flags);
  const now = systemClock.now();
  // Asked before and after: a run that ends or begins in between has not lost its process.
  const { database } = config.settings;
  const wasWritten = isLocked(database);
  const accounts = readAccounts(config);
  const isWritten = wasWritten || isLocked(database);
  if (options.json === true) printJson(toJson(config, accounts, now, isWritten));
  else printResult(toTable(accounts, now, isWritten));

  const { maxAge } = options;
  const stale = maxAge === undefined ? undefined : findStale(accounts, now, maxAge);
  if (stale === undefined) return EXIT.done;
  reportFailure(stale, false);
  return EXIT.stale;
}

function readAccounts(config: Config): readonly AccountStatus[] {
  const { database: path } = config.settings;
  const database = openForReading(path);
  try {
    const ids = chosenAccounts(database, config.accountIds);
    return ids.map((id) => readAccountStatus(database, id));
  } catch (error) {
    throw explainReading(error, path);
  } finally {
    database.close();
  }
}

function toTable(accounts: readonly AccountStatus[], now: number, isWritten: boolean): string {
  if (accounts.length === 0) return 'No account has been read yet.';
  const header = ['ACCOUNT', 'IMAGES', 'REMOVED', 'LAST COMPLETE FULL RUN', 'LAST RUN', 'RESULT'];
  const rows = accounts.map((account) => [
    printable(account.accountId),
    formatNumber(account.images),
    formatNumber(account.removedImages),
    ago(account.lastComplete?.finished_at, now),
    ago(account.lastRun?.started_at, now),
    result(account, isWritten),
  ]);
  return formatTable([header, ...rows], ['left', 'right', 'right']);
}

function ago(time: string | null | undefined, now: number): string {
  if (time === null || time === undefined) return 'never';
  return `${formatDuration(Math.max(0, now - Date.parse(time)))} ago`;
}

/**
 * What the last run came to, or the last full one if that did not complete: a quick or dry run after it mends nothing.
 *
 * @param isWritten - Whether a process writes the database: without one, no run is under way.
 */
function result({ lastRun, lastFull }: AccountStatus, isWritten: boolean): string {
  const isBehind = lastFull !== undefined && lastFull.status !== 'complete';
  const run = isBehind ? lastFull : lastRun;
  if (run === undefined) return '–';
  const { status, mode, error_message: message } = run;
  const label = mode === 'full' && run.run_id === lastRun?.run_id ? status : `${status} (${mode})`;
  if (message !== null) return `${label}: ${shortened(printable(message), MESSAGE_LENGTH)}`;
  if (status === 'running' && !isWritten) return `${label}, but its process is gone`;
  if (status !== 'complete') return label;
  return `${label}: ${formatCounts(run)}`;
}

function toJson(
  config: Config,
  accounts: readonly AccountStatus[],
  now: number,
  isWritten: boolean,
): unknown {
  const database = resolve(config.settings.database);
  return {
    database,
    bytes: statSync(database).size,
    is_being_written: isWritten,
    accounts: accounts.map((account) => ({
      account_id: account.accountId,
      images: account.images,
      removed_images: account.removedImages,
      age_seconds: ageSeconds(account, now),
      last_run: account.lastRun ?? null,
      last_full_run: account.lastFull ?? null,
      last_complete_run: account.lastComplete ?? null,
    })),
  };
}

function ageSeconds({ lastComplete }: AccountStatus, now: number): number | null {
  const finished = lastComplete?.finished_at;
  return finished ? Math.max(0, Math.round((now - Date.parse(finished)) / 1000)) : null;
}

function findStale(
  accounts: readonly AccountStatus[],
  now: number,
  maxAge: number,
): Failure | undefined {
  const stale = accounts.filter(({ lastComplete }) => {
    const finished = lastComplete?.finished_at;
    return !finished || now - Date.parse(finished) > maxAge;
  });
  if (accounts.length > 0 && stale.length === 0) return undefined;
  const who = stale.map(({ accountId }) => accountId).join(', ') || 'any account';
  return new Failure('STALE', `no complete full run within ${formatDuration(maxAge)} for ${who}`, {
    hint: '"image-inventory status" shows the last run; its log says why it did not complete.',
  });
}
