import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
  type Stats,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { env } from 'node:process';
import Sqlite, { type Database } from 'better-sqlite3';
import { Failure, messageOf } from '../inventory/failure.ts';
import { explainSqlite } from './errors.ts';
import { refuseOtherFormat } from './file-format.ts';
import { rememberFile } from './in-place.ts';
import { acquireLock } from './lock.ts';
import { checkVersion, latestVersion, migrate, type OnMigrate } from './migrate.ts';

/** A database opened for writing, and with it the writer lock. */
export interface WritableDatabase {
  readonly database: Database;
  /** Absolute. */
  readonly path: string;
  /** Throws Failure `DATABASE_UNUSABLE` if the path names another file by now, or none. */
  assertInPlace(): void;
  close(): void;
}

/** How long a statement waits for a reader or a backup tool to let go, in milliseconds. */
export const BUSY_TIMEOUT_MS = 5000;

/** A log that a great run, or a reader that stayed for long, has made larger is cut back to this. */
const KEPT_WAL_BYTES = 16 * 1024 * 1024;

/**
 * Opens the inventory for writing: takes the writer lock, creates or migrates the file.
 *
 * @param now - ISO 8601, to tell others since when the lock is held.
 * @param onMigrate - Told before the file of an older program is brought up to date.
 * @throws Failure `DATABASE_LOCKED`, `DATABASE_UNUSABLE` or `DATABASE_TOO_NEW`, with the file as it was.
 */
export function openForWriting(file: string, now: string, onMigrate?: OnMigrate): WritableDatabase {
  const named = resolve(file);
  refuseFolder(named);
  makeFolder(dirname(named));
  const path = realPath(named);
  refuseOtherFormat(path);
  const closers: (() => void)[] = [];
  const close = (): void => {
    for (const closer of closers.splice(0).reverse()) closer();
  };
  try {
    const lock = acquireLock(path, now);
    closers.push(() => lock.release());
    sortBeside(path);
    const database = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
    closers.push(() => database.close());
    const isNew = checkVersion(database, path) === 0;
    configure(database, isNew);
    migrate(database, path, onMigrate);
    return { database, path, assertInPlace: rememberFile(path), close };
  } catch (error) {
    close();
    throw explainSqlite(error, path);
  }
}

/**
 * Opens the inventory for reading, beside a writer if there is one.
 *
 * @throws Failure `DATABASE_MISSING` if there is no file yet, `DATABASE_UNUSABLE` if an older program wrote it.
 */
export function openForReading(file: string): Database {
  const database = openForCopying(file);
  if (database.pragma('user_version', { simple: true }) === latestVersion()) return database;
  database.close();
  throw outdated(resolve(file));
}

/** As {@link openForReading}, of one state of the inventory: what is written from now on is not seen until it is closed. */
export function openSnapshot(file: string): Database {
  const database = openForReading(file);
  try {
    database.exec('BEGIN');
    // SQLite looks at the file only now, and from here on at no other state of it.
    database.prepare('SELECT 1 FROM runs').get();
    return database;
  } catch (error) {
    database.close();
    throw explainSqlite(error, resolve(file));
  }
}

/** As {@link openForReading}, but of whatever version of the schema that this program can migrate. */
export function openForCopying(file: string): Database {
  const path = resolve(file);
  refuseFolder(path);
  if (!existsSync(path)) throw missing(path);
  let database: Database | undefined;
  try {
    database = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    if (checkVersion(database, path) === 0) throw missing(path);
    return database;
  } catch (error) {
    database?.close();
    throw explainSqlite(error, path);
  }
}

/**
 * Lets SQLite sort in the database's folder, unless somebody chose another: the ids of a large first inventory need more
 * room than the temporary folder of a container has, and where the images fit their ids do.
 */
function sortBeside(path: string): void {
  env['SQLITE_TMPDIR'] ??= dirname(path);
}

function configure(database: Database, isNew: boolean): void {
  // So that space can be given back one day. Only a new file takes it; an old one would be written for nothing.
  if (isNew) database.pragma('auto_vacuum = INCREMENTAL');
  database.pragma('journal_mode = WAL');
  database.pragma(`journal_size_limit = ${KEPT_WAL_BYTES}`);
  database.pragma('synchronous = NORMAL');
  database.pragma('foreign_keys = ON');
  database.pragma('cache_size = -8192');
}

/**
 * The file behind any links, so that one database has one lock whatever it is called by. A file that
 * is not there yet is made, since only then a link to it can be followed.
 */
function realPath(path: string): string {
  try {
    closeSync(openSync(path, 'a'));
    return realpathSync(path);
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

/** What the file is; `undefined` if there is none. @throws Failure if nobody may tell, such as in a folder of somebody else's. */
export function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

function cannotOpen(path: string, cause: unknown): Failure {
  const problem = `the database ${path} cannot be opened: ${messageOf(cause)}`;
  return new Failure('DATABASE_UNUSABLE', problem, {
    hint: 'Check the permissions of the file and its folder, and whether the disk is mounted read-only.',
    cause,
  });
}

function refuseFolder(path: string): void {
  if (lookAt(path)?.isDirectory() !== true) return;
  throw new Failure('DATABASE_UNUSABLE', `the database ${path} is a folder, not a file`, {
    hint: 'Name a file in it with --db or IMAGE_INVENTORY_DB.',
  });
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const message = `the folder ${folder} for the database cannot be created: ${messageOf(error)}`;
    throw new Failure('DATABASE_UNUSABLE', message, {
      hint: 'Name a file in a folder that this user may write, with --db or IMAGE_INVENTORY_DB.',
      cause: error,
    });
  }
}

function missing(path: string): Failure {
  return new Failure('DATABASE_MISSING', `there is no inventory at ${path} yet`, {
    hint: 'Take a first snapshot with "image-inventory sync", or name another file with --db.',
  });
}

function outdated(path: string): Failure {
  return new Failure('DATABASE_UNUSABLE', `${path} was written by an older image-inventory`, {
    hint: 'Run "image-inventory sync" once: it brings the file up to date.',
  });
}
