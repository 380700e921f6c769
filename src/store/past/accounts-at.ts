import type { Database } from 'better-sqlite3';
import { Failure } from '../../inventory/failure.ts';
import type { Moment } from '../../inventory/moment.ts';
import { findAccount, type StoredAccount } from '../accounts.ts';
import { IS_PUBLISHED } from '../ledger.ts';
import { resolveMoment, type PublishedRun } from './published-run.ts';

/** An account, and for each of the moments that were asked for the run that it means there. */
export interface AccountAt {
  readonly account: StoredAccount;
  readonly runs: readonly PublishedRun[];
}

/**
 * The accounts that are looked at, sorted by their ids, and what each moment means for them.
 *
 * @param chosen - Account ids; `undefined` for all that were ever read completely.
 * @throws Failure `USAGE` if an account was never read, or a moment means nothing for one.
 */
export function accountsAt(
  database: Database,
  chosen: readonly string[] | undefined,
  moments: readonly Moment[],
): readonly AccountAt[] {
  return chooseAccounts(database, chosen, moments).map((accountId) => {
    const account = findAccount(database, accountId);
    if (account === undefined) throw neverRead(accountId);
    return { account, runs: moments.map((moment) => resolveMoment(database, account, moment)) };
  });
}

/**
 * The ids of the accounts that are looked at, sorted. A run is of one account, so naming one leaves the others out.
 *
 * @param chosen - Account ids; `undefined` for all that were ever read completely.
 * @throws Failure `USAGE` if there is none, or a moment is a run of one that was not chosen.
 */
export function chooseAccounts(
  database: Database,
  chosen: readonly string[] | undefined,
  moments: readonly Moment[],
): readonly string[] {
  const ids = chosen ?? accountsReadCompletely(database);
  if (ids.length === 0) throw nothingRead();
  const owners = moments.flatMap((moment) => ownerOf(database, moment) ?? []);
  const stranger = owners.find(({ accountId }) => !ids.includes(accountId));
  if (stranger !== undefined) throw notChosen(stranger);
  return owners[0] === undefined ? [...new Set(ids)].sort() : [owners[0].accountId];
}

function neverRead(accountId: string): Failure {
  return new Failure('USAGE', `the inventory has never read the account ${accountId}`, {
    hint: 'Read it with "image-inventory sync", or name other accounts with --account.',
  });
}

function accountsReadCompletely(database: Database): readonly string[] {
  return database
    .prepare<[], string>(
      `SELECT account_id FROM accounts
       WHERE EXISTS (SELECT 1 FROM runs WHERE runs.account_id = accounts.account_id AND ${IS_PUBLISHED})`,
    )
    .pluck()
    .all();
}

interface Owner {
  readonly runId: number;
  readonly accountId: string;
}

/** Whose run a moment names; `undefined` if it names none, or none that there is. */
function ownerOf(database: Database, moment: Moment): Owner | undefined {
  if (moment.is !== 'run') return undefined;
  return database
    .prepare<[number], Owner>(
      'SELECT run_id AS runId, account_id AS accountId FROM runs WHERE run_id = ?',
    )
    .get(moment.runId);
}

function nothingRead(): Failure {
  return new Failure('USAGE', 'no account has been read completely yet', {
    hint: 'Take a first snapshot with "image-inventory sync".',
  });
}

function notChosen({ runId, accountId }: Owner): Failure {
  return new Failure('USAGE', `run ${runId} is of account ${accountId}, which was not chosen`, {
    hint: 'Name that account with --account, or a time instead of the run.',
  });
}
