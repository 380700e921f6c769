import { closeSync, openSync, readSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure, messageOf } from '../inventory/failure.ts';

/** A place that an export may be written to. */
export type Target =
  /** A regular file, there already or not: it is replaced at once. */
  | { readonly is: 'file'; readonly path: string; readonly mode: number | undefined }
  /** A pipe or a device: it takes bytes, and cannot be replaced. */
  | { readonly is: 'device'; readonly path: string };

/** File systems take 255 bytes as a rule, and while it is written a file has a longer name than it will have. */
const LONGEST_NAME = 230;

/**
 * The place that a name means, behind any links.
 *
 * @throws Failure `USAGE` for what an export must not replace: a folder, a SQLite file; and where there is no folder.
 */
export function resolveTarget(file: string): Target {
  const named = resolve(file);
  if (Buffer.byteLength(basename(named)) > LONGEST_NAME) {
    throw refusal(named, 'cannot be made: its name is too long', 'Name it in fewer letters.');
  }
  try {
    return targetOf(named, file);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const hint = 'Check the permissions of the file and its folder.';
    throw refusal(named, `cannot be looked at: ${messageOf(error)}`, hint, error);
  }
}

function targetOf(named: string, file: string): Target {
  const stats = statSync(named, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true || /[\\/]$/.test(file)) {
    throw refusal(named, 'is a folder', 'Name a file in it.');
  }
  if (stats === undefined) return { is: 'file', path: placeOf(named), mode: undefined };
  if (stats.isBlockDevice()) throw refusal(named, 'is a disk');
  if (!stats.isFile()) return { is: 'device', path: named };
  return { is: 'file', path: existing(named, stats), mode: stats.mode & 0o777 };
}

/** Where a file that is not there yet is to be. */
function placeOf(named: string): string {
  try {
    return join(realpathSync(dirname(named)), basename(named));
  } catch (error) {
    const what = `has no folder to be in: ${messageOf(error)}`;
    throw refusal(named, what, 'Make the folder, or name another one.', error);
  }
}

function existing(named: string, stats: Stats): string {
  const path = realpathSync(named);
  if (stats.size > 0 && isSqlite(path)) throw refusal(path, 'is a SQLite database');
  return path;
}

const MAGIC = 'SQLite format 3\0';

function isSqlite(path: string): boolean {
  const header = Buffer.alloc(MAGIC.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  return header.toString('latin1') === MAGIC;
}

function refusal(
  path: string,
  what: string,
  hint = 'Name another file.',
  cause?: unknown,
): Failure {
  return new Failure('USAGE', `the output ${path} ${what}`, { hint, cause });
}
