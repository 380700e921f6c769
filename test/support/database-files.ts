import { join } from 'node:path';

/** The files that a power cut leaves, as suffixes of the database's name: what is written of them at once. */
export const filesOf = {
  database: ['', '-wal'],
  scan: ['-scan', '-scan-wal'],
  all: ['', '-wal', '-scan', '-scan-wal'],
} as const;

/** The database in a folder of its own. */
export function placeOf(folder: string): string {
  return join(folder, 'inventory.db');
}
