import type { Database } from 'better-sqlite3';
import { COLUMNS } from '../rows.ts';
import type { AccountAt } from './accounts-at.ts';
import { findLatest, type PublishedRun } from './published-run.ts';
import { PAST_IMAGES, rebuild } from './rebuild.ts';

/** Whether images were there, or were gone by then. */
export type State = 'present' | 'gone';

/** An account's images just after a run. */
export interface ImagesAt {
  readonly accountId: string;
  readonly run: PublishedRun;
  /** How many there are. */
  readonly images: number;
  /**
   * Queries that together yield them, each in the order of `uploaded`, with the columns of `images` or `removed_images`
   * and `null_fields`.
   */
  readonly queries: readonly string[];
  /** The parameters of the queries. */
  readonly values: Readonly<Record<string, string | number>>;
}

const PRESENT_COLUMNS = `id, ${COLUMNS}, first_seen_run, changed_run`;
const GONE_COLUMNS = `${PRESENT_COLUMNS}, removed_run, removed_at`;

const IS_VISIBLE = 'row_id <= (SELECT visible_row FROM accounts WHERE account_key = @key)';

const COUNT_NOW = {
  present: `SELECT count(*) FROM stored_images WHERE account_key = @key AND ${IS_VISIBLE}`,
  gone: 'SELECT count(*) FROM removed_images WHERE account_id = @accountId',
} as const;

/**
 * Images that no later run has touched stand in the tables as they were.
 *
 * SQLite does not know of accounts that hold most of the file: it would find the rows by the account and sort all of them,
 * columns and all, before it gives the first. Told how large the share is, it walks the index by upload where that is less.
 *
 * @param share - Of all stored images, how many are the account's, from 0 to 1.
 */
const UNTOUCHED = {
  present: (
    share: number,
  ) => `SELECT CAST(@accountId AS TEXT) AS account_id, ${PRESENT_COLUMNS} FROM stored_images
    WHERE likelihood(account_key = @key, ${share.toFixed(3)})
      AND ${IS_VISIBLE} AND changed_run <= @runId`,
  gone: () => `SELECT account_id, ${GONE_COLUMNS} FROM removed_images
    WHERE account_id = @accountId AND removed_run <= @runId`,
} as const;

const TOUCHED = {
  present: `SELECT account_id, ${PRESENT_COLUMNS} FROM ${PAST_IMAGES}
    WHERE account_id = @accountId AND state = 'present'`,
  gone: `SELECT account_id, ${GONE_COLUMNS} FROM ${PAST_IMAGES}
    WHERE account_id = @accountId AND state = 'gone'`,
} as const;

/**
 * The images of an account that were there, or were gone, just after a run. A run of the past is rebuilt and proved first.
 *
 * @throws Failure `DATABASE_DAMAGED` if it cannot be rebuilt.
 */
export function imagesAt(database: Database, { account, runs }: AccountAt, state: State): ImagesAt {
  const { key, accountId } = account;
  const [run] = runs;
  const latest = findLatest(database, accountId);
  if (run === undefined || latest === undefined) throw new Error('no run was chosen');
  const values = { key, accountId, runId: run.runId };
  const now = database.prepare<[object], number>(COUNT_NOW[state]).pluck().get(values) ?? 0;
  const untouched = UNTOUCHED[state](shareOf(database, now));
  if (run.runId === latest.runId) {
    return { accountId, run, images: now, queries: [untouched], values };
  }
  const balance = rebuild(database, account, run, latest);
  const queries = [untouched, TOUCHED[state]];
  return { accountId, run, images: now + balance[state], queries, values };
}

/** Which part of the stored images so many are. */
function shareOf(database: Database, images: number): number {
  const sql = 'SELECT count(*) FROM stored_images';
  const all = database.prepare<[], number>(sql).pluck().get() ?? 0;
  return all === 0 ? 0 : Math.min(images / all, 1);
}
