import Sqlite, { type Database } from 'better-sqlite3';
import { Failure, messageOf } from '../inventory/failure.ts';

/**
 * Refuses a condition that is not one SQL expression. It is text that a person wrote, and it becomes a part of a
 * statement: one that also means something elsewhere in it would make the statement another one.
 *
 * @param from - The query whose rows it is asked of.
 * @throws Failure `USAGE`.
 */
export function refuseCondition(
  database: Database,
  from: string,
  condition: string,
  values: Readonly<Record<string, string | number>>,
): void {
  // What closes a bracket of the one does not fit the other. A line break ends a comment.
  const places = [
    `SELECT 1 FROM (${from}) WHERE (${condition}\n) LIMIT 0`,
    `SELECT CASE WHEN ${condition}\n THEN 1 END FROM (${from}) LIMIT 0`,
  ];
  try {
    for (const sql of places) database.prepare<[object]>(sql).all(values);
  } catch (error) {
    throw explainCondition(error);
  }
}

/** What SQLite says of a condition, as a failure; any other error as it is. */
export function explainCondition(error: unknown): unknown {
  const isSyntax = error instanceof Sqlite.SqliteError && error.code === 'SQLITE_ERROR';
  if (!isSyntax && !(error instanceof RangeError)) return error;
  return new Failure('USAGE', `the condition cannot be asked: ${messageOf(error)}`, {
    hint: 'It is one SQL expression over the columns of "images", such as "creator = \'acme\' AND uploaded >= \'2026-01\'".',
    cause: error,
  });
}
