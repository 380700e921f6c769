import type { Database } from 'better-sqlite3';
import { IS_FULL, IS_PUBLISHED } from './ledger.ts';

/**
 * The last run that saw every image, and how many those were; none if runs since then may be forgotten, or if its program
 * did not say what it saw.
 */
const LAST_WHOLE = `
  SELECT run_id, unchanged + added + changed + restored AS images
  FROM runs
  WHERE account_id = @accountId AND ${IS_FULL} AND creators IS NULL AND content_hash IS NOT NULL
    AND run_id >= (SELECT ifnull(forgotten_run, 0) FROM accounts WHERE account_id = @accountId)
  ORDER BY run_id DESC LIMIT 1`;

/** What the runs after it, which looked at some images only, added and removed. */
const BY_LEDGER = `
  SELECT whole.images + (
    SELECT ifnull(sum(added + restored - removed), 0) FROM runs
    WHERE account_id = @accountId AND ${IS_PUBLISHED} AND run_id > whole.run_id)
  FROM (${LAST_WHOLE}) AS whole`;

/**
 * How many images readers see of an account. By the ledger, which takes as long for a million images as for one:
 * `verify` proves that it agrees with them. They are counted where the ledger does not tell.
 */
export function countImages(database: Database, accountId: string): number {
  const ask = (sql: string): number | undefined =>
    database.prepare<[object], number>(sql).pluck().get({ accountId });
  return ask(BY_LEDGER) ?? ask('SELECT count(*) FROM images WHERE account_id = @accountId') ?? 0;
}
