import type { Database } from 'better-sqlite3';
import type { Moment } from '../inventory/moment.ts';
import { findAccount } from './accounts.ts';
import { compareRuns, type Difference } from './difference.ts';
import { accountsAt } from './past/accounts-at.ts';
import { findLatest, findPrevious, type PublishedRun } from './past/published-run.ts';

/** Two runs of an account, and how the account differs between them. */
export type Comparison =
  | {
      readonly accountId: string;
      readonly from: PublishedRun;
      readonly to: PublishedRun;
      readonly difference: Difference;
    }
  /** There is nothing to compare yet: the account has one run that is remembered, or none. */
  | { readonly accountId: string; readonly from: undefined; readonly to: PublishedRun | undefined };

/**
 * Compares the last complete run of each account with the one before it. The caller holds a read transaction for as long
 * as changes are read.
 *
 * @throws Failure `DATABASE_DAMAGED` if a run cannot be rebuilt.
 */
export function compareLatest(
  database: Database,
  accountIds: readonly string[],
): readonly Comparison[] {
  return [...new Set(accountIds)].sort().map((accountId) => {
    const account = findAccount(database, accountId);
    const to = findLatest(database, accountId);
    const from = account === undefined ? undefined : findPrevious(database, account);
    if (account === undefined || from === undefined || to === undefined) {
      return { accountId, from: undefined, to };
    }
    return { accountId, from, to, difference: compareRuns(database, account, from, to) };
  });
}

/**
 * Compares what two moments mean in each account, in either direction. The caller holds a read transaction for as long
 * as changes are read.
 *
 * @param chosen - Account ids; `undefined` for all that were ever read completely.
 * @throws Failure `USAGE` if a moment means nothing for an account, `DATABASE_DAMAGED` if a run cannot be rebuilt.
 */
export function compareMoments(
  database: Database,
  chosen: readonly string[] | undefined,
  moments: readonly [from: Moment, to: Moment],
): readonly Comparison[] {
  return accountsAt(database, chosen, moments).flatMap(({ account, runs: [from, to] }) => {
    if (from === undefined || to === undefined) return [];
    const difference = compareRuns(database, account, from, to);
    return { accountId: account.accountId, from, to, difference };
  });
}
