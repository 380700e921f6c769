import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { Failure, messageOf } from '../inventory/failure.ts';
import { resolveTarget } from './backup-target.ts';
import { openForCopying } from './database.ts';
import { explainSqlite } from './errors.ts';
import { checkVersion } from './migrate.ts';
import { knownAccounts } from './status.ts';

export interface BackupOptions {
  /** Stops it; nothing is left behind then. */
  readonly signal: AbortSignal;
  /** Called now and then while pages are copied, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** A backup that is whole and on the disk. */
export interface Backup {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** What it holds. */
  readonly accounts: readonly { readonly accountId: string; readonly images: number }[];
}

/**
 * Copies an inventory as it is at one moment, beside a writer if there is one. The copy is made under another name,
 * checked, and takes its name when it is on the disk: there is a whole file of that name, or what was there before.
 *
 * The copy needs no file beside it, so that it can be read where nothing may be written.
 *
 * @param source - The database.
 * @param file - Where the copy is to be.
 * @throws Failure `USAGE` if it may not be there, `DATABASE_WRITE_FAILED`; the reason of the signal.
 */
export async function backupInventory(
  source: string,
  file: string,
  options: BackupOptions,
): Promise<Backup> {
  const database = openForCopying(source);
  try {
    const path = resolveTarget(file, source);
    const partial = `${path}.incomplete-${randomBytes(4).toString('hex')}`;
    try {
      createLike(partial, database.name, path);
      await copy(database, partial, options);
      const accounts = complete(partial);
      sync(partial);
      options.signal.throwIfAborted();
      // Copying takes a while: what came there meanwhile is looked at as what was there before.
      resolveTarget(path, source);
      renameSync(partial, path);
      syncFolder(dirname(path));
      return { path, bytes: statSync(path).size, accounts };
    } catch (error) {
      throw options.signal.aborted ? error : explain(error, path);
    } finally {
      for (const suffix of ['', '-journal', '-wal', '-shm']) remove(partial + suffix);
    }
  } finally {
    database.close();
  }
}

/** Makes an empty file that none but its owner may read who may not read the database. */
function createLike(partial: string, source: string, path: string): void {
  try {
    const { mode, gid } = statSync(source);
    const file = openSync(partial, 'wx', (mode & 0o707) | 0o600);
    try {
      // The folder, or who runs this, decides which group the copy is of.
      const made = fstatSync(file);
      const group = made.gid === gid ? mode & 0o070 : 0;
      if ((made.mode & group) !== group) fchmodSync(file, made.mode | group);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (['ENOSPC', 'EDQUOT', 'EIO'].includes(errorCode(error) ?? '')) throw error;
    throw new Failure('USAGE', `the backup ${path} cannot be made: ${messageOf(error)}`, {
      hint: 'Name a file in a folder that this user may write.',
      cause: error,
    });
  }
}

/** Pages copied before others have a turn. */
const PAGES = 2000;

async function copy(
  database: Database,
  partial: string,
  { signal, onProgress }: BackupOptions,
): Promise<void> {
  // One state of the database, held until all of it is copied: a busy writer would make SQLite begin again and again.
  database.exec('BEGIN');
  const pages = Number(database.pragma('page_count', { simple: true }));
  const { totalPages } = await database.backup(partial, {
    progress: ({ totalPages: all, remainingPages: left }) => {
      signal.throwIfAborted();
      onProgress?.(all === 0 ? 0 : (all - left) / all);
      return PAGES;
    },
  });
  if (totalPages !== pages) throw new Error(`${totalPages} of ${pages} pages were copied`);
}

/** Makes a copy a database that stands by itself, and checks it. @returns What it holds. */
function complete(partial: string): Backup['accounts'] {
  const database = new Sqlite(partial, { fileMustExist: true, timeout: 0 });
  try {
    database.pragma('journal_mode = DELETE');
    checkVersion(database, partial);
    const found = database.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') throw damaged(String(found));
    return countImages(database);
  } finally {
    database.close();
  }
}

function countImages(database: Database): Backup['accounts'] {
  const count = database
    .prepare<[string], number>('SELECT count(*) FROM images WHERE account_id = ?')
    .pluck();
  return knownAccounts(database).map((accountId) => ({
    accountId,
    images: count.get(accountId) ?? 0,
  }));
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    // What has too long a name was never there.
    if (errorCode(error) !== 'ENAMETOOLONG') throw error;
  }
}

/** Waits until a file is on the disk. */
function sync(path: string): void {
  const opened = openSync(path, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** Waits until the names in a folder are on the disk, where a system lets one wait for that. */
function syncFolder(path: string): void {
  try {
    sync(path);
  } catch (error) {
    if (!['EACCES', 'EINVAL', 'EISDIR', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  }
}

function damaged(found: string): Failure {
  return new Failure('DATABASE_WRITE_FAILED', `the copy is damaged: ${found}`, {
    hint: '"image-inventory verify" tells whether the database itself is.',
  });
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function explain(error: unknown, path: string): unknown {
  const explained = explainSqlite(error, path);
  if (explained instanceof Failure) return explained;
  return new Failure('DATABASE_WRITE_FAILED', `the backup ${path} failed: ${messageOf(error)}`, {
    hint: 'Check the disk, and whether there is room on it.',
    cause: error,
  });
}
