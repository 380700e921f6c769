import type { Database } from 'better-sqlite3';
import { ContentSum } from '../inventory/content.ts';
import { COLUMNS, toImage, type ImageRow } from './rows.ts';

/**
 * Sums up an account's images.
 *
 * @param endRow - Only rows below this one, so that a stage is left out.
 */
export function contentOf(database: Database, accountKey: number, endRow: number): ContentSum {
  const content = new ContentSum();
  const rows = database.prepare<[number, number], ImageRow>(
    `SELECT id, ${COLUMNS} FROM stored_images WHERE account_key = ? AND row_id < ?`,
  );
  for (const row of rows.iterate(accountKey, endRow)) content.add(toImage(row));
  return content;
}
