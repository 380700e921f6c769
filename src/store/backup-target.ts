import { closeSync, lstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Failure, messageOf } from '../inventory/failure.ts';
import { explainSqlite, isBusy } from './errors.ts';
import { isLocked } from './lock.ts';
import { APPLICATION_ID } from './migrate.ts';
import { COMPANIONS } from './own-files.ts';

/**
 * The place of a backup, behind any links. A file that is there already may be replaced only if it is an inventory that
 * nobody uses.
 *
 * @param source - The database that is backed up, which must be there.
 * @returns Absolute.
 * @throws Failure `USAGE`.
 */
export function resolveTarget(file: string, source: string): string {
  const named = resolve(file);
  try {
    return targetOf(named, source);
  } catch (error) {
    const cause = explainSqlite(error, named);
    if (cause instanceof Failure) throw cause;
    const hint = 'Check the permissions of the file and its folder.';
    throw refusal(named, `cannot be looked at: ${messageOf(error)}`, hint, error);
  }
}

function targetOf(named: string, source: string): string {
  const path = join(realFolder(named), basename(named));
  refuseSource(path, realpathSync(source));
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    refuseLeftovers(path);
    return path;
  }
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw refusal(path, 'is a link that leads nowhere');
  if (stats.isDirectory()) throw refusal(path, 'is a folder', 'Name a file in it.');
  const original = statSync(source);
  if (stats.ino === original.ino && stats.dev === original.dev) throw isSource(path);
  const target = realpathSync(path);
  if (!stats.isFile() || !isInventory(target)) throw refusal(path, 'is another file already');
  refuseLeftovers(target);
  if (isLocked(target) || isInUse(target)) throw refusal(path, 'is in use by another program');
  return target;
}

function realFolder(path: string): string {
  try {
    return realpathSync(dirname(path));
  } catch (error) {
    const what = `has no folder to be in: ${messageOf(error)}`;
    throw refusal(path, what, 'Make the folder, or name another one.', error);
  }
}

function refuseSource(path: string, source: string): void {
  if (path === source) throw isSource(path);
  if (COMPANIONS.some((suffix) => path === source + suffix)) {
    throw refusal(path, 'is a name that SQLite or image-inventory uses for the database itself');
  }
}

function isSource(path: string): Failure {
  return refusal(path, 'is the database itself');
}

/** What another file of this name had written last would be written into the backup. */
function refuseLeftovers(path: string): void {
  for (const suffix of ['-wal', '-journal']) {
    if ((statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0) === 0) continue;
    throw refusal(
      path,
      `has something beside it that is not written yet, ${path}${suffix}`,
      'Close the program that has it open, or move both away.',
    );
  }
}

const MAGIC = 'SQLite format 3\0';

/** By its header, so that nothing is made beside it. */
function isInventory(path: string): boolean {
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  return (
    header.toString('latin1', 0, MAGIC.length) === MAGIC &&
    header.readUInt32BE(68) === APPLICATION_ID
  );
}

/** Whether another process has it open, as far as SQLite's locks say. */
function isInUse(path: string): boolean {
  let database: Sqlite.Database | undefined;
  try {
    database = new Sqlite(path, { timeout: 0, fileMustExist: true });
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK');
    return false;
  } catch (error) {
    if (!isBusy(error)) throw error;
    return true;
  } finally {
    database?.close();
  }
}

function refusal(
  path: string,
  what: string,
  hint = 'Name another file.',
  cause?: unknown,
): Failure {
  return new Failure('USAGE', `the backup ${path} ${what}`, { hint, cause });
}
