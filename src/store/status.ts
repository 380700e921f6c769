import type { Database } from 'better-sqlite3';
import type { Counts } from '../inventory/change.ts';
import { countImages } from './image-count.ts';
import { IS_FULL } from './ledger.ts';

/** A row of the ledger, as the database names its columns. */
export interface LedgerRow extends Counts {
  readonly run_id: number;
  readonly account_id: string;
  readonly mode: string;
  readonly status: string;
  readonly api: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly requests: number;
  readonly retries: number;
  readonly expected: number | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly tool_version: string;
}

/** What the inventory knows of one account. */
export interface AccountStatus {
  readonly accountId: string;
  readonly images: number;
  readonly removedImages: number;
  readonly lastRun: LedgerRow | undefined;
  /** The last full run, whatever became of it: it may be hidden behind quick ones. */
  readonly lastFull: LedgerRow | undefined;
  /** The last full run that was published: neither a dry run nor a quick one proves what is gone. */
  readonly lastComplete: LedgerRow | undefined;
}

/** The ids of all accounts that the inventory has ever seen, in the order of their first run. */
export function knownAccounts(database: Database): readonly string[] {
  return database
    .prepare<[], string>('SELECT account_id FROM accounts ORDER BY account_key')
    .pluck()
    .all();
}

/** The accounts that a command is about: the configured ones; without any, all that the inventory has ever seen. */
export function chosenAccounts(
  database: Database,
  configured: readonly string[],
): readonly string[] {
  return configured.length > 0 ? configured : knownAccounts(database);
}

/** The account's last run that proves what is gone; `undefined` if there is none. */
export function readLastComplete(database: Database, accountId: string): LedgerRow | undefined {
  return readLastRun(database, accountId, IS_FULL);
}

/** The account's last full run, whatever became of it; `undefined` if there is none. */
export function readLastFull(database: Database, accountId: string): LedgerRow | undefined {
  return readLastRun(database, accountId, "mode = 'full'");
}

/** One account's counts and last runs, all read from one state of the database. */
export function readAccountStatus(database: Database, accountId: string): AccountStatus {
  const countRemoved = database
    .prepare<[string], number>('SELECT count(*) FROM removed_images WHERE account_id = ?')
    .pluck();
  return database.transaction(() => ({
    accountId,
    images: countImages(database, accountId),
    removedImages: countRemoved.get(accountId) ?? 0,
    lastRun: readLastRun(database, accountId, 'true'),
    lastFull: readLastFull(database, accountId),
    lastComplete: readLastComplete(database, accountId),
  }))();
}

function readLastRun(
  database: Database,
  accountId: string,
  condition: string,
): LedgerRow | undefined {
  return database
    .prepare<[string], LedgerRow>(
      `SELECT * FROM runs WHERE account_id = ? AND ${condition} ORDER BY run_id DESC LIMIT 1`,
    )
    .get(accountId);
}
