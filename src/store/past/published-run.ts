import type { Database } from 'better-sqlite3';
import { Failure } from '../../inventory/failure.ts';
import type { Moment } from '../../inventory/moment.ts';
import type { StoredAccount } from '../accounts.ts';
import { findHorizon } from '../horizon.ts';
import { IS_PUBLISHED, isoTime } from '../ledger.ts';

/** A run after which readers saw what it found. */
export interface PublishedRun {
  readonly runId: number;
  /** ISO 8601. */
  readonly finishedAt: string;
  /** What the account's images summed up to; `null` if its program did not know of it. */
  readonly contentHash: string | null;
}

const RUNS = `SELECT run_id AS runId, finished_at AS finishedAt, content_hash AS contentHash
  FROM runs WHERE account_id = @accountId AND ${IS_PUBLISHED}`;

/** The account's last run that readers see; `undefined` before the first. */
export function findLatest(database: Database, accountId: string): PublishedRun | undefined {
  return findRun(database, 'ORDER BY run_id DESC LIMIT 1', { accountId });
}

/** The published run before the latest; `undefined` if there is none that is remembered. */
export function findPrevious(
  database: Database,
  { key, accountId }: StoredAccount,
): PublishedRun | undefined {
  const run = findRun(database, 'ORDER BY run_id DESC LIMIT 1 OFFSET 1', { accountId });
  return run !== undefined && run.runId >= (findHorizon(database, key) ?? 0) ? run : undefined;
}

/**
 * The run that a moment means.
 *
 * @throws Failure `USAGE` if there is none, or if what it found is forgotten.
 */
export function resolveMoment(
  database: Database,
  { key, accountId }: StoredAccount,
  moment: Moment,
): PublishedRun {
  if (findLatest(database, accountId) === undefined) throw neverRead(accountId);
  const horizon = findHorizon(database, key) ?? 0;
  const run = findMoment(database, accountId, moment);
  if (run !== undefined && run.runId >= horizon) return run;
  const named = moment.is === 'run' ? moment.runId : 0;
  if (named < horizon) throw forgotten(accountId, horizon);
  throw unresolved(database, accountId, moment);
}

function findMoment(
  database: Database,
  accountId: string,
  moment: Moment,
): PublishedRun | undefined {
  switch (moment.is) {
    case 'latest':
      return findLatest(database, accountId);
    case 'previous':
      return findRun(database, 'ORDER BY run_id DESC LIMIT 1 OFFSET 1', { accountId });
    case 'run':
      return findRun(database, 'AND run_id = @runId', { accountId, runId: moment.runId });
    case 'time': {
      const at = isoTime(moment.at);
      const ended = 'AND finished_at <= @at ORDER BY run_id DESC LIMIT 1';
      return findRun(database, ended, { accountId, at });
    }
  }
}

function findRun(
  database: Database,
  which: string,
  values: Readonly<Record<string, string | number>>,
): PublishedRun | undefined {
  return database.prepare<[object], PublishedRun>(`${RUNS} ${which}`).get(values);
}

function neverRead(accountId: string): Failure {
  return new Failure('USAGE', `account ${accountId} has no complete run yet`, {
    hint: 'Take a first snapshot with "image-inventory sync", or name other accounts with --account.',
  });
}

function forgotten(accountId: string, horizon: number): Failure {
  return new Failure('USAGE', `what account ${accountId} was before run ${horizon} is forgotten`, {
    hint: 'How long changes are kept is retention.days in the configuration. A backup of then still knows.',
  });
}

function unresolved(database: Database, accountId: string, moment: Moment): Failure {
  switch (moment.is) {
    case 'run':
      return notPublished(database, accountId, moment.runId);
    case 'time': {
      const first = findRun(database, 'ORDER BY run_id LIMIT 1', { accountId });
      const told = `nothing is known of account ${accountId} at ${isoTime(moment.at)}`;
      return new Failure('USAGE', `${told}: its first complete run ended at ${first?.finishedAt}`, {
        hint: 'Name a later time, or a run.',
      });
    }
    default:
      return new Failure('USAGE', `account ${accountId} has one complete run, and none before it`, {
        hint: 'There is something to compare after the next "image-inventory sync".',
      });
  }
}

function notPublished(database: Database, accountId: string, runId: number): Failure {
  const run = database
    .prepare<[number], { accountId: string; status: string; mode: string }>(
      'SELECT account_id AS accountId, status, mode FROM runs WHERE run_id = ?',
    )
    .get(runId);
  const problem =
    run === undefined
      ? `there is no run ${runId}`
      : run.accountId !== accountId
        ? `run ${runId} is of account ${run.accountId}, not of ${accountId}`
        : `run ${runId} changed nothing that readers see: it is ${run.status}, of mode ${run.mode}`;
  return new Failure('USAGE', problem, {
    hint: `Name a complete run: sqlite3 FILE "SELECT run_id, finished_at FROM runs WHERE status = 'complete' AND mode <> 'dry-run'" lists them.`,
  });
}
