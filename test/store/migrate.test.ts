import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openForReading, openForWriting } from '../../src/store/database.ts';
import { APPLICATION_ID, latestVersion, readSchema } from '../../src/store/migrate.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { temporaryFolder } from '../support/folder.ts';
import { olderInventory } from '../support/older-inventory.ts';

const NOW = '2026-01-01T00:00:00.000Z';

function newInventory(): string {
  const path = join(temporaryFolder(), 'inventory.db');
  openForWriting(path, NOW).close();
  return path;
}

test('a new file is an inventory: marked, versioned, in WAL, with foreign keys on', () => {
  const opened = openForWriting(join(temporaryFolder(), 'new', 'inventory.db'), NOW);
  const pragma = (name: string): unknown => opened.database.pragma(name, { simple: true });
  expect(pragma('application_id')).toBe(APPLICATION_ID);
  expect(pragma('user_version')).toBe(latestVersion());
  expect(pragma('journal_mode')).toBe('wal');
  expect(pragma('foreign_keys')).toBe(1);
  expect(pragma('auto_vacuum')).toBe(2);
  expect(pragma('integrity_check')).toBe('ok');
  opened.close();
});

test('the schema is the one on record', async () => {
  const database = openForReading(newInventory());
  const statements = readSchema(database).map(({ sql }) => sql);
  database.close();
  await expect(`${statements.join(';\n\n')};\n`).toMatchFileSnapshot('schema.sql');
});

test('the contract’s tables have the contract’s columns, in their order, and what is newer behind them', () => {
  const database = openForReading(newInventory());
  const columns = (table: string): unknown =>
    database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table);
  const images =
    'account_id id filename creator meta require_signed_urls uploaded variants extra first_seen_run changed_run';
  expect(columns('images')).toEqual(images.split(' '));
  expect(columns('image_variants')).toEqual(['account_id', 'image_id', 'variant', 'url']);
  expect(columns('runs')).toEqual(
    'run_id account_id mode status api started_at finished_at listed added changed removed restored unchanged requests retries expected error_code error_message tool_version resumed_run creators content_hash'.split(
      ' ',
    ),
  );
  expect(columns('changes')).toEqual(
    expect.arrayContaining('run_id account_id image_id kind diff at'.split(' ')),
  );
  expect(columns('removed_images')).toEqual(
    expect.arrayContaining([...images.split(' '), 'removed_run', 'removed_at']),
  );
  database.close();
});

test('opening again changes nothing', () => {
  const path = newInventory();
  const before = readFileSync(path);
  openForWriting(path, NOW).close();
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('an older inventory is brought up to date, with all that is in it', () => {
  const path = olderInventory(2);
  expect(() => openForReading(path)).toThrow('written by an older image-inventory');
  openForWriting(path, NOW).close();
  const database = openForReading(path);
  expect(database.pragma('user_version', { simple: true })).toBe(latestVersion());
  expect(database.prepare('SELECT id, filename FROM images').all()).toEqual([
    { id: 'a', filename: 'a.png' },
  ]);
  expect(database.prepare('SELECT forgotten_run FROM accounts').all()).toEqual([
    { forgotten_run: null },
  ]);
  database.close();
  expect(verifyInventory(path, undefined).checks.flatMap(({ findings }) => findings)).toEqual([]);
});

test.for([
  { what: 'a database from the future', code: 'DATABASE_TOO_NEW', spoil: setVersion },
  { what: 'a database of another program', code: 'DATABASE_UNUSABLE', spoil: makeForeign },
  { what: 'a file that is no database', code: 'DATABASE_UNUSABLE', spoil: makeText },
])('refuses $what, and leaves it as it was', ({ code, spoil }) => {
  const path = newInventory();
  spoil(path);
  const copy = `${path}.before`;
  copyFileSync(path, copy);
  for (const open of [() => openForWriting(path, NOW), () => openForReading(path)]) {
    expect(open).toThrow(expect.objectContaining({ code, hint: expect.any(String) as string }));
  }
  expect(readFileSync(path).equals(readFileSync(copy))).toBe(true);
});

test('refuses to read where there is nothing yet', () => {
  const path = join(temporaryFolder(), 'none.db');
  expect(() => openForReading(path)).toThrow(expect.objectContaining({ code: 'DATABASE_MISSING' }));
});

function setVersion(path: string): void {
  const database = new Sqlite(path);
  database.pragma('journal_mode = DELETE');
  database.pragma(`user_version = ${latestVersion() + 1}`);
  database.close();
}

function makeForeign(path: string): void {
  const database = new Sqlite(path);
  database.pragma('journal_mode = DELETE');
  database.pragma('application_id = 1');
  database.close();
}

function makeText(path: string): void {
  writeFileSync(path, 'These are notes, not a database.\n'.repeat(100));
}
