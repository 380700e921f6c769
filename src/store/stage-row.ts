import type { Database } from 'better-sqlite3';

/** Says that something of an account is staged, by which run, and how often that was added to. */
export interface StageRow {
  readonly runId: number;
  /** The run's own rows start here. */
  readonly firstRow: number;
  /** How often the run has begun anew. */
  readonly epoch: number;
  /** Transactions so far, since then. */
  readonly sequence: number;
}

/** What is staged of an account; `undefined` when nothing is. */
export function findStageRow(database: Database, accountKey: number): StageRow | undefined {
  return database
    .prepare<[number], StageRow>(
      `SELECT run_id AS runId, first_row AS firstRow, epoch, sequence FROM stages WHERE account_key = ?`,
    )
    .get(accountKey);
}

/** The accounts of which anything is staged. */
export function stagedAccounts(database: Database): readonly number[] {
  return database.prepare<[], number>('SELECT account_key FROM stages').pluck().all();
}

export function writeStageRow(database: Database, accountKey: number, row: StageRow): void {
  database
    .prepare(
      `INSERT OR REPLACE INTO stages (account_key, run_id, first_row, epoch, sequence)
       VALUES (?, ?, ?, ?, ?)`,
    )
    .run(accountKey, row.runId, row.firstRow, row.epoch, row.sequence);
}

/** Deletes what an account's unpublished run wrote, if it wrote anything. */
export function dropStage(database: Database, accountKey: number): void {
  const staged = findStageRow(database, accountKey);
  if (staged === undefined) return;
  database
    .prepare('DELETE FROM stored_images WHERE row_id >= ? AND +account_key = ?')
    .run(staged.firstRow, accountKey);
  clearStage(database, accountKey);
}

/** Forgets the staged changes of an account; its new rows stay. */
export function clearStage(database: Database, accountKey: number): void {
  database.prepare('DELETE FROM staged_images WHERE account_key = ?').run(accountKey);
  database.prepare('DELETE FROM stages WHERE account_key = ?').run(accountKey);
}
