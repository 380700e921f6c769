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
  if (condition.trim() === '') throw new Failure('USAGE', 'the condition is empty', { hint: HINT });
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

const HINT =
  'It is one SQL expression over the columns of "images", such as "creator = \'acme\' AND uploaded >= \'2026-01\'".';

/** What a condition can be at fault for, while it is read or while it is asked. */
const FAULTS: readonly string[] = [
  'SQLITE_ERROR',
  'SQLITE_TOOBIG',
  'SQLITE_MISMATCH',
  'SQLITE_RANGE',
];

/** What SQLite says of a condition, as a failure; any other error as it is. */
export function explainCondition(error: unknown): unknown {
  const isFault = error instanceof Sqlite.SqliteError && FAULTS.includes(error.code);
  if (!isFault && !(error instanceof RangeError)) return error;
  // What stands behind the condition in the statement begins on a line of its own.
  const [message = ''] = messageOf(error).split('\n');
  return new Failure('USAGE', `the condition cannot be asked: ${message}`, {
    hint: HINT,
    cause: error,
  });
}
