import type { Database, RunResult } from 'better-sqlite3';
import type { Counts } from '../inventory/change.ts';
import type { RunEnd, RunFailure, RunStart } from '../sync/ports/stage.ts';

/** Milliseconds since 1970 as the database writes times: ISO 8601, UTC, with milliseconds. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Whether readers see what a run of `runs` found, as SQL: a dry run completes and changes nothing. */
export const IS_PUBLISHED = `(runs.status = 'complete' AND runs.mode <> 'dry-run')`;

/** Whether a run of `runs` proved what there is and what is gone, as SQL: a quick run only adds. */
export const IS_FULL = `(runs.status = 'complete' AND runs.mode = 'full')`;

/** The `runs` table: one row a run, written when it starts and once more when it ends. */
export class Ledger {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes the row `running`. @param resumedRun - The run whose pages are taken over. @returns The run's id. */
  open(start: RunStart, resumedRun: number | undefined): number {
    const { accountId, mode, api, startedAt, toolVersion, creators } = start;
    const { lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO runs (account_id, mode, status, api, started_at, tool_version, creators, resumed_run)
         VALUES (?, ?, 'running', ?, ?, ?, ?, ?)`,
      )
      .run(
        accountId,
        mode,
        api,
        isoTime(startedAt),
        toolVersion,
        creatorsCell(creators),
        resumedRun ?? null,
      );
    return Number(lastInsertRowid);
  }

  /**
   * Closes the row of a run that read the whole account.
   *
   * @param contentHash - What the account's images sum up to; `null` when they were not published.
   */
  complete(runId: number, counts: Counts, contentHash: string | null, end: RunEnd): void {
    const closed = this.#database
      .prepare(
        `UPDATE runs SET status = 'complete', listed = @listed, added = @added, changed = @changed,
           removed = @removed, restored = @restored, unchanged = @unchanged, finished_at = @finishedAt,
           requests = @requests, retries = @retries, expected = @expected, content_hash = @contentHash
         WHERE run_id = @runId AND status = 'running'`,
      )
      .run({ runId, contentHash, ...counts, ...endCells(end) });
    assertClosed(closed, runId);
  }

  /** Closes the row of a run that changed nothing. */
  fail(runId: number, failure: RunFailure, listed: number, end: RunEnd): void {
    const closed = this.#database
      .prepare(
        `UPDATE runs SET status = @status, listed = @listed, error_code = @code,
           error_message = @message, finished_at = @finishedAt, requests = @requests,
           retries = @retries, expected = @expected
         WHERE run_id = @runId AND status = 'running'`,
      )
      .run({ runId, listed, ...failure, ...endCells(end) });
    assertClosed(closed, runId);
  }

  /** What the account's published runs come to; `undefined` if there is none. */
  lastPublished(accountId: string): Published | undefined {
    const lastOf = (condition: string): string =>
      `FROM runs WHERE account_id = @accountId AND ${condition} ORDER BY run_id DESC LIMIT 1`;
    return this.#database
      .prepare<[{ accountId: string }], Published>(
        `SELECT content_hash AS contentHash,
           (SELECT expected - listed ${lastOf(IS_FULL)}) AS shortfall ${lastOf(IS_PUBLISHED)}`,
      )
      .get({ accountId });
  }

  /** Whether a complete full run has read the list of these creators, or of all. */
  hasFullRun(accountId: string, creators: readonly string[] | undefined): boolean {
    const found = this.#database
      .prepare<[string, string | null]>(
        `SELECT 1 FROM runs WHERE account_id = ? AND ${IS_FULL} AND (creators IS NULL OR creators = ?) LIMIT 1`,
      )
      .get(accountId, creatorsCell(creators));
    return found !== undefined;
  }

  /** Whether the account's last run is this one, and was interrupted. */
  wasInterruptedLast(
    accountId: string,
    run: { readonly runId: number; readonly runStartedAt: string },
  ): boolean {
    const last = this.#database
      .prepare<[string], { run_id: number; started_at: string; status: string }>(
        `SELECT run_id, started_at, status FROM runs
         WHERE account_id = ? ORDER BY run_id DESC LIMIT 1`,
      )
      .get(accountId);
    if (last?.status !== 'interrupted') return false;
    return last.run_id === run.runId && last.started_at === run.runStartedAt;
  }

  /** Takes back that the run went on behind another one. */
  forgetResumed(runId: number): void {
    this.#database.prepare('UPDATE runs SET resumed_run = NULL WHERE run_id = ?').run(runId);
  }

  /**
   * Says of the runs that were left running that they were interrupted. Only the lock's holder may.
   *
   * @param accountId - Whose runs; those of all accounts if `undefined`, when none can be under way.
   */
  closeLeftRunning(now: number, accountId?: string): void {
    this.#database
      .prepare(
        `UPDATE runs SET status = 'interrupted', finished_at = ?, error_code = 'STOPPED',
           error_message = 'the process ended before the run did'
         WHERE status = 'running' AND account_id = coalesce(?, account_id)`,
      )
      .run(isoTime(now), accountId ?? null);
  }
}

/** What the next run must know of those before it that readers see. */
export interface Published {
  /** Of the last one; `null` when it was written by a program that did not know of it. */
  readonly contentHash: string | null;
  /** How many images fewer than stated the last full one listed; `null` when nothing was stated. */
  readonly shortfall: number | null;
}

/** A run ends once. If its row is closed already, somebody else wrote this database. */
function assertClosed({ changes }: RunResult, runId: number): void {
  if (changes !== 1) throw new Error(`run ${runId} was closed by somebody else`);
}

function creatorsCell(creators: readonly string[] | undefined): string | null {
  return creators === undefined ? null : JSON.stringify(creators);
}

function endCells(end: RunEnd): Record<string, string | number | null> {
  return {
    finishedAt: isoTime(end.finishedAt),
    requests: end.requests,
    retries: end.retries,
    expected: end.expected ?? null,
  };
}
