import type { Database } from 'better-sqlite3';
import { Failure } from '../../inventory/failure.ts';
import type { StoredAccount } from '../accounts.ts';
import { openForReading } from '../database.ts';
import { explainReading } from '../errors.ts';
import { Check, describeDamage, isDamage, type CheckResult } from './check.ts';
import { checkContent } from './content.ts';
import { checkForeignKeys, checkIntegrity, checkSchema } from './file.ts';
import { sumImages, type VisibleImages } from './images.ts';
import { checkLedger } from './ledger.ts';
import { replayChanges } from './replay.ts';
import { checkRows, checkSilentImages } from './rows.ts';
import { checkRunRows } from './run-rows.ts';
import { readRuns } from './runs.ts';
import { readScope, type Scope } from './scope.ts';
import { checkSearch } from './search.ts';

/** What was found of an inventory. */
export interface Verification {
  readonly checks: readonly CheckResult[];
  readonly accounts: readonly VerifiedAccount[];
}

/** What readers see of one account. */
export interface VerifiedAccount {
  readonly accountId: string;
  /** The last complete run; `undefined` if there is none. */
  readonly runId: number | undefined;
  /** The run up to which changes are forgotten: it is the earliest that is proved. `undefined` while none is. */
  readonly forgottenRun: number | undefined;
  readonly images: number;
  /** Summed up anew. */
  readonly contentHash: string;
}

/**
 * Proves that an inventory is sound and agrees with its own ledger, beside a writer if there is one. Nothing
 * is written, and memory does not grow with the number of images.
 *
 * @param chosen - The ids of the accounts to look at; all if `undefined`.
 * @throws Failure when there is no inventory to look at. Damage is no failure: it is found.
 */
export function verifyInventory(file: string, chosen: readonly string[] | undefined): Verification {
  let database: Database | undefined;
  try {
    database = openForReading(file);
    // Histories are looked up all over the file.
    database.pragma('cache_size = -32768');
    // One state of the database, up to its closing: a commit could fail on a damaged file.
    database.exec('BEGIN');
    return verifyAll(database, chosen);
  } catch (error) {
    const cause = error instanceof Failure ? error.cause : error;
    if (!isDamage(cause)) throw explainReading(error, file);
    const integrity = new Check('integrity');
    integrity.find(`the file cannot be read: ${describeDamage(cause)}`);
    return { checks: [integrity.result()], accounts: [] };
  } finally {
    database?.close();
  }
}

/** Every check, in the order in which they are told. */
function createChecks() {
  return {
    integrity: new Check('integrity'),
    schema: new Check('schema'),
    foreignKeys: new Check('foreign keys'),
    ledger: new Check('ledger'),
    history: new Check('history'),
    content: new Check('content'),
    rows: new Check('rows'),
    search: new Check('search'),
  };
}

type Checks = ReturnType<typeof createChecks>;

/** All checks on one state of the database; the caller holds the transaction. */
function verifyAll(database: Database, chosen: readonly string[] | undefined): Verification {
  const checks = createChecks();
  const { integrity, schema, foreignKeys, ledger, history, content, rows, search } = checks;
  integrity.attempt({}, () => checkIntegrity(database, integrity));
  schema.attempt({}, () => checkSchema(database, schema));
  foreignKeys.attempt({}, () => checkForeignKeys(database, foreignKeys));
  const scope = ledger.attempt({}, () => readScope(database, chosen));
  let accounts: readonly VerifiedAccount[] = [];
  if (scope === undefined) leaveOut([history, content, rows], {});
  else accounts = verifyAccounts(database, scope, checks);
  search.attempt({}, () => checkSearch(database, search));
  return { checks: Object.values(checks).map((check) => check.result()), accounts };
}

function verifyAccounts(
  database: Database,
  scope: Scope,
  checks: Checks,
): readonly VerifiedAccount[] {
  const { ledger, history, content, rows } = checks;
  const visible = content.attempt({}, () => sumImages(database, scope));
  const accounts = scope.accounts.flatMap(
    (account) => verifyAccount(database, account, visible?.get(account.key), checks) ?? [],
  );
  ledger.attempt({}, () => checkRunRows(database, scope, ledger));
  history.attempt({}, () => checkSilentImages(database, scope, history));
  rows.attempt({}, () => checkRows(database, scope, rows));
  return accounts;
}

function verifyAccount(
  database: Database,
  account: StoredAccount,
  visible: VisibleImages | undefined,
  { ledger, history, content }: Checks,
): VerifiedAccount | undefined {
  const { accountId } = account;
  const where = { accountId };
  const runs = ledger.attempt(where, () => readRuns(database, account));
  const tallies =
    runs && history.attempt(where, () => replayChanges(database, account, runs, history));
  if (runs === undefined || tallies === undefined || visible === undefined) {
    leaveOut([ledger, content], where);
    return undefined;
  }
  const { count, content: sum } = visible;
  ledger.attempt(where, () => checkLedger(database, account, runs, tallies, count, ledger));
  checkContent(accountId, runs, tallies, sum, content);
  return {
    accountId,
    runId: runs.published[0]?.runId,
    forgottenRun: runs.horizon,
    images: count,
    contentHash: sum.hex(),
  };
}

/** What was not looked at is not proved. */
function leaveOut(checks: readonly Check[], where: { readonly accountId?: string }): void {
  for (const check of checks) check.find('was left out: what it needs cannot be read', where);
}
