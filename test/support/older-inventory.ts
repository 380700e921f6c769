import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { APPLICATION_ID } from '../../src/store/migrate.ts';
import { temporaryFolder } from './folder.ts';

/** As a program of that schema version left it after a first run of one image. */
export function olderInventory(version: number): string {
  const path = join(temporaryFolder(), 'inventory.db');
  const folder = new URL('../../migrations/', import.meta.url);
  const database = new Sqlite(path);
  for (const file of readdirSync(folder).sort().slice(0, version)) {
    database.exec(readFileSync(new URL(file, folder), 'utf8'));
  }
  database.exec(`
    INSERT INTO accounts (account_id, visible_row) VALUES ('acc', 1);
    INSERT INTO runs (account_id, mode, status, api, started_at, finished_at, listed, added, tool_version)
    VALUES ('acc', 'full', 'complete', 'v1', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 1, 1, 'older');
    INSERT INTO stored_images (account_key, id, filename, first_seen_run, changed_run)
    VALUES (1, 'a', 'a.png', 1, 1);
    PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version}; PRAGMA journal_mode = WAL`);
  database.close();
  return path;
}
