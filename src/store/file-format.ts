import { closeSync, openSync, readSync } from 'node:fs';
import { Failure } from '../inventory/failure.ts';

/** What every SQLite file begins with, see https://www.sqlite.org/fileformat.html. */
const MAGIC = Buffer.from('SQLite format 3\0');

/**
 * Refuses a file that is neither empty nor SQLite's, before anything is made beside it.
 *
 * @throws Failure `DATABASE_UNUSABLE`.
 */
export function refuseOtherFormat(path: string): void {
  const start = readStart(path);
  if (start.length === 0 || start.equals(MAGIC)) return;
  throw new Failure('DATABASE_UNUSABLE', `the database ${path} is not a SQLite database`, {
    hint: 'Name another file with --db.',
  });
}

/** Empty also where the file cannot be read: SQLite will say why. */
function readStart(path: string): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const start = Buffer.alloc(MAGIC.length);
    return start.subarray(0, readSync(file, start));
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
