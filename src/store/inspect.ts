import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Failure } from '../inventory/failure.ts';
import { lookAt, openForReading } from './database.ts';
import { knownAccounts } from './status.ts';

/** What can be said of an inventory's file without writing to it. */
export interface DatabaseSummary {
  /** Absolute. */
  readonly path: string;
  /** `undefined` when there is no file yet, and one can be created. */
  readonly content: { readonly bytes: number; readonly accounts: number } | undefined;
}

/**
 * Looks at the configured file, or at the place where it will be.
 *
 * @throws Failure when a run could not use it.
 */
export function inspectDatabase(file: string): DatabaseSummary {
  const path = resolve(file);
  const stats = lookAt(path);
  if (stats === undefined || stats.size === 0) {
    requireWritable(nearestFolder(dirname(path)), path);
    return { path, content: undefined };
  }
  const database = openForReading(path);
  try {
    requireWritable(path, path);
    requireWritable(dirname(path), path);
    return { path, content: { bytes: stats.size, accounts: knownAccounts(database).length } };
  } finally {
    database.close();
  }
}

/** How large an open inventory's files are, in bytes. @param path - Absolute. */
export function inventoryBytes(path: string): { readonly database: number; readonly wal: number } {
  const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return { database: sizeOf(path), wal: sizeOf(`${path}-wal`) };
}

function nearestFolder(folder: string): string {
  const isEnd = existsSync(folder) || dirname(folder) === folder;
  return isEnd ? folder : nearestFolder(dirname(folder));
}

function requireWritable(place: string, path: string): void {
  try {
    accessSync(place, constants.W_OK);
  } catch (error) {
    throw new Failure(
      'DATABASE_UNUSABLE',
      `the database ${path} cannot be written: no right to write ${place}`,
      {
        hint: 'Check the permissions, or name another file with --db or IMAGE_INVENTORY_DB.',
        cause: error,
      },
    );
  }
}
