import type { Database, RunResult } from 'better-sqlite3';
import type { Counts } from '../inventory/change.ts';
import type { RunEnd, RunFailure, RunStart } from '../sync/ports.ts';

/** Milliseconds since 1970 as the database writes times: ISO 8601, UTC, with milliseconds. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The `runs` table: one row a run, written when it starts and once more when it ends. */
export class Ledger {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes the row `running`. @returns The run's id. */
  open(start: RunStart): number {
    const { lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO runs (account_id, mode, status, api, started_at, tool_version)
         VALUES (?, ?, 'running', ?, ?, ?)`,
      )
      .run(start.accountId, start.mode, start.api, isoTime(start.startedAt), start.toolVersion);
    return Number(lastInsertRowid);
  }

  /** Closes the row of a run that read the whole account. */
  complete(runId: number, counts: Counts, end: RunEnd): void {
    const closed = this.#database
      .prepare(
        `UPDATE runs SET status = 'complete', listed = @listed, added = @added, changed = @changed,
           removed = @removed, restored = @restored, unchanged = @unchanged, finished_at = @finishedAt,
           requests = @requests, retries = @retries, expected = @expected
         WHERE run_id = @runId AND status = 'running'`,
      )
      .run({ runId, ...counts, ...endCells(end) });
    assertClosed(closed, runId);
  }

  /** Closes the row of a run that changed nothing. */
  fail(runId: number, failure: RunFailure, end: RunEnd): void {
    const closed = this.#database
      .prepare(
        `UPDATE runs SET status = @status, listed = @listed, error_code = @code,
           error_message = @message, finished_at = @finishedAt, requests = @requests,
           retries = @retries, expected = @expected
         WHERE run_id = @runId AND status = 'running'`,
      )
      .run({ runId, ...failure, ...endCells(end) });
    assertClosed(closed, runId);
  }

  /** Whether the account has a published run. */
  hasPublished(accountId: string): boolean {
    const row = this.#database
      .prepare(
        `SELECT 1 FROM runs WHERE account_id = ? AND status = 'complete' AND mode <> 'dry-run' LIMIT 1`,
      )
      .get(accountId);
    return row !== undefined;
  }

  /** The accounts whose last process died in the middle of a run. */
  accountsLeftRunning(): string[] {
    return this.#database
      .prepare<[], string>(`SELECT DISTINCT account_id FROM runs WHERE status = 'running'`)
      .pluck()
      .all();
  }

  /**
   * Says of an account's run whose process died that it was interrupted. Only the lock's holder may.
   *
   * @returns Whether there was one.
   */
  closeLeftRunning(accountId: string, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE runs SET status = 'interrupted', finished_at = ?, error_code = 'STOPPED',
           error_message = 'the process ended before the run did'
         WHERE account_id = ? AND status = 'running'`,
      )
      .run(isoTime(now), accountId);
    return changes > 0;
  }
}

/** A run ends once. If its row is closed already, somebody else wrote this database. */
function assertClosed({ changes }: RunResult, runId: number): void {
  if (changes !== 1) throw new Error(`run ${runId} was closed by somebody else`);
}

function endCells(end: RunEnd): Record<string, string | number | null> {
  return {
    finishedAt: isoTime(end.finishedAt),
    requests: end.requests,
    retries: end.retries,
    expected: end.expected ?? null,
  };
}
