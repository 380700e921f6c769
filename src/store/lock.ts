import { existsSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { pid } from 'node:process';
import Sqlite from 'better-sqlite3';
import { Failure } from '../inventory/failure.ts';
import { explained, isBusy } from './errors.ts';

/** The right to write one database. A process that dies, however it dies, loses it. */
export interface WriterLock {
  release(): void;
}

/** Enough for another process to finish reading who holds the lock; one that holds it does so for longer. */
const PATIENCE_MS = 250;

interface Holder {
  /** Tells two processes apart that have one number on one host name, as containers can. */
  readonly token: string;
  readonly holder: string;
  readonly since: string;
}

/**
 * Takes the writer lock of a database, at once or not at all. The lock is the write lock of a small
 * SQLite file beside it, which the operating system gives back when its process ends; the file also
 * says who holds it.
 *
 * @param now - ISO 8601, for the message that others get.
 * @throws Failure `DATABASE_LOCKED`, naming the holder.
 */
export function acquireLock(databasePath: string, now: string): WriterLock {
  const path = `${databasePath}-lock`;
  return explained(`${path} (the lock, which may be deleted while no process runs)`, () =>
    lock(new Sqlite(path, { timeout: PATIENCE_MS }), databasePath, now),
  );
}

function lock(file: Sqlite.Database, databasePath: string, now: string): WriterLock {
  const token = crypto.randomUUID();
  try {
    // What this file holds is worth nothing once its process has ended, so the disk need not be waited for.
    file.pragma('synchronous = OFF');
    file.exec('CREATE TABLE IF NOT EXISTS holder (token TEXT, holder TEXT, since TEXT) STRICT');
    // Writing one's name ends a transaction and lets the lock go for a moment. Whoever slips in
    // writes another name, so the name is read again under the lock that is kept.
    do {
      if (file.inTransaction) file.exec('ROLLBACK');
      file.exec('BEGIN IMMEDIATE; DELETE FROM holder');
      file
        .prepare('INSERT INTO holder VALUES (?, ?, ?)')
        .run(token, `process ${pid} on ${hostname()}`, now);
      file.exec('COMMIT; BEGIN IMMEDIATE');
    } while (readHolder(file)?.token !== token);
  } catch (error) {
    // What this process wrote of itself is not what others see.
    if (file.inTransaction) file.exec('ROLLBACK');
    const failure = isBusy(error) ? lockedBy(readHolder(file), databasePath, error) : error;
    file.close();
    throw failure;
  }
  return { release: () => file.close() };
}

/**
 * Whether a process holds the writer lock of a database just now. Where that cannot be seen, it is
 * taken to be so.
 *
 * @param database - The file, or a link to it; it need not be there.
 */
export function isLocked(database: string): boolean {
  let file: Sqlite.Database | undefined;
  try {
    const path = existsSync(database) ? `${realpathSync(database)}-lock` : `${database}-lock`;
    if (!existsSync(path)) return false;
    file = new Sqlite(path, { timeout: 0, fileMustExist: true });
    file.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    file?.close();
  }
}

function readHolder(file: Sqlite.Database): Holder | undefined {
  try {
    return file.prepare<[], Holder>('SELECT token, holder, since FROM holder').get();
  } catch {
    return undefined;
  }
}

function lockedBy(holder: Holder | undefined, path: string, cause: unknown): Failure {
  const who = holder === undefined ? 'another process' : `${holder.holder}, since ${holder.since}`;
  return new Failure('DATABASE_LOCKED', `${path} is being written by ${who}`, {
    hint: 'Wait until it has finished, or name another file with --db.',
    cause,
  });
}
