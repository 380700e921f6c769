import { realpathSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** What stands beside a database under its name, and would be taken for a part of whatever is put in its place. */
export const COMPANIONS: readonly string[] = ['', '-lock', '-scan'].flatMap((file) =>
  ['', '-wal', '-shm', '-journal'].map((suffix) => file + suffix),
);

/**
 * Whether a path, behind any links, is the database or one of the files beside it, there or not.
 *
 * @param database - It must be there.
 */
export function isOwnFile(path: string, database: string): boolean {
  const own = realpathSync(database);
  if (COMPANIONS.some((suffix) => realPath(path) === own + suffix)) return true;
  const original = statSync(own);
  const stats = statsOf(path);
  return stats?.ino === original.ino && stats.dev === original.dev;
}

/** `undefined` also for what cannot be looked at: that is not the database, which was opened. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The file or, where there is none yet, its place. */
function realPath(path: string): string {
  const named = resolve(path);
  try {
    return realpathSync(named);
  } catch {
    try {
      return join(realpathSync(dirname(named)), basename(named));
    } catch {
      return named;
    }
  }
}
