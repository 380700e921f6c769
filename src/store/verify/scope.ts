import type { Database } from 'better-sqlite3';
import { IS_PUBLISHED } from '../ledger.ts';
import { knownAccounts } from '../status.ts';
import { Failure } from '../../inventory/failure.ts';
import type { StoredAccount } from '../accounts.ts';

/**
 * The accounts that are verified, as SQL; its one parameter is the JSON list of their ids. Images are then read in
 * the order of their rows, all accounts at once: any other order would read the file's pages again and again.
 */
export const SCOPE = `
  WITH scope AS MATERIALIZED (
    SELECT account_key, account_id, visible_row, forgotten_run AS horizon,
      (SELECT min(run_id) FROM runs
       WHERE runs.account_id = accounts.account_id AND ${IS_PUBLISHED}) AS baseline
    FROM accounts WHERE account_id IN (SELECT value FROM json_each(?)))`;

/** After {@link SCOPE}: the rows `i` that readers see, and `s`, their accounts. */
export const VISIBLE =
  'stored_images AS i CROSS JOIN scope AS s ON s.account_key = i.account_key AND i.row_id <= s.visible_row';

/** After {@link SCOPE}: the rows `i` of images that are gone, and `s`, their accounts. */
export const GONE = 'removed_images AS i CROSS JOIN scope AS s ON s.account_id = i.account_id';

export interface Scope {
  readonly accounts: readonly StoredAccount[];
  /** The parameter of {@link SCOPE}. */
  readonly ids: string;
}

/**
 * @param chosen - Account ids; all accounts if `undefined`.
 * @throws Failure `USAGE` if the inventory does not know one of them: nothing would be proved of it.
 */
export function readScope(database: Database, chosen: readonly string[] | undefined): Scope {
  const known = knownAccounts(database);
  const stranger = chosen?.find((id) => !known.includes(id));
  if (stranger !== undefined) {
    throw new Failure('USAGE', `the inventory has never read the account ${stranger}`, {
      hint: '"image-inventory status" lists the accounts that it has read.',
    });
  }
  const ids = JSON.stringify(chosen ?? known);
  const accounts = database
    .prepare<[string], StoredAccount>(
      `${SCOPE} SELECT account_key AS key, account_id AS accountId FROM scope ORDER BY account_key`,
    )
    .all(ids);
  return { accounts, ids };
}
