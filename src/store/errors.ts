import Sqlite from 'better-sqlite3';
import { Failure, messageOf } from '../inventory/failure.ts';

/** Whether another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/** What a SQLite error code means to a person. */
const MEANINGS: readonly (readonly [prefix: string, meaning: string, hint: string])[] = [
  ['SQLITE_NOTADB', 'is not a SQLite database', 'Name another file with --db.'],
  [
    'SQLITE_CANTOPEN',
    'cannot be opened or created',
    'Check that the path is a file in a folder that this user may write.',
  ],
  [
    'SQLITE_READONLY',
    'cannot be written',
    'Check the permissions of the file and its folder, and whether the disk is mounted read-only.',
  ],
  ['SQLITE_PERM', 'cannot be accessed', 'Check the permissions of the file and its folder.'],
  ['SQLITE_CORRUPT', 'is damaged', 'Restore a backup, or move the file away and sync anew.'],
  ['SQLITE_FULL', 'cannot grow: the disk is full', 'Free some space and run again.'],
  [
    'SQLITE_IOERR',
    'could not be read or written',
    'Check the disk, and whether there is room on it.',
  ],
  ['SQLITE_BUSY', 'is locked by another program', 'Close the program that writes to it.'],
];

/** Errors that say that the configured file will not do, whatever is done with it. */
const UNUSABLE = /^SQLITE_(NOTADB|CANTOPEN|READONLY|PERM)/;

/** A SQLite error as a {@link Failure} that names the file; any other error as it is. */
export function explainSqlite(error: unknown, path: string): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  const known = MEANINGS.find(([prefix]) => error.code.startsWith(prefix));
  if (known === undefined) return error;
  const [, meaning, hint] = known;
  const code = UNUSABLE.test(error.code) ? 'DATABASE_UNUSABLE' : 'DATABASE_WRITE_FAILED';
  return new Failure(code, `the database ${path} ${meaning} (${error.code}: ${messageOf(error)})`, {
    hint,
    cause: error,
  });
}

/** What SQLite answers when it cannot put aside what does not fit into memory. */
const NO_TEMPORARY_ROOM = /^SQLITE_(FULL|IOERR_(WRITE|GETTEMPPATH|TRUNCATE))/;

/** As {@link explainSqlite}, of work that only reads: what it writes is not the file, but temporary ones. */
export function explainReading(error: unknown, path: string): unknown {
  const isFull = error instanceof Sqlite.SqliteError && NO_TEMPORARY_ROOM.test(error.code);
  if (!isFull) return explainSqlite(error, path);
  const what = `there is no room for temporary files (${error.code}: ${messageOf(error)})`;
  return new Failure('DATABASE_WRITE_FAILED', what, {
    hint: 'Free some space in the folder of temporary files, or name another folder in SQLITE_TMPDIR.',
    cause: error,
  });
}

/** Runs a piece of work on the database; its errors name the file. */
export function explained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explainSqlite(error, path);
  }
}
