import { statSync } from 'node:fs';
import { Failure } from '../inventory/failure.ts';

/**
 * Remembers which file a path names. Whoever has a file open can go on writing into it when its name is gone or names
 * another one, but nobody will ever see what is written.
 *
 * @returns Throws Failure `DATABASE_UNUSABLE` unless the path still names that file.
 */
export function rememberFile(path: string): () => void {
  const opened = identify(path);
  return () => {
    if (opened !== undefined && identify(path) === opened) return;
    const message = `the database ${path} was deleted or replaced while it was open`;
    throw new Failure('DATABASE_UNUSABLE', message, {
      hint: 'Stop this process, put the file back (or leave it away to begin a new inventory), and start again.',
    });
  };
}

/** What no other file has at the same time; `undefined` if there is none. */
function identify(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}
