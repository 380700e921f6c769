import Sqlite, { type Database } from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';

function open(file: string, options: Sqlite.Options = {}): Database {
  const database = new Sqlite(file, options);
  onTestFinished(() => void database.close());
  return database;
}

/** What Litestream does to the database: tables of its own, and a read transaction that it keeps open. */
function replicate(file: string): Database {
  const litestream = open(file);
  litestream.exec(`
    CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);
    CREATE TABLE _litestream_lock (id INTEGER);
    INSERT INTO _litestream_seq (id, seq) VALUES (1, 1);
    BEGIN;
    SELECT count(*) FROM _litestream_seq;
  `);
  litestream.prepare('SELECT count(*) FROM _litestream_seq').get();
  return litestream;
}

async function serveSynced(): Promise<ServedAccount> {
  const served = await serveAccount({ images: 60 });
  await served.sync();
  return served;
}

const countImages = (database: Database): unknown =>
  database.prepare('SELECT count(*) FROM images').pluck().get();

test('beside Litestream runs publish, and the file is sound', async () => {
  const served = await serveSynced();
  const litestream = replicate(served.database);
  served.account.upload({ id: 'new' });
  expect((await served.sync()).code).toBe(0);
  expect(countImages(litestream)).toBe(60);
  const { code, stdout } = await run(['verify'], served.env);
  expect(stdout).toContain('61 images');
  expect(code).toBe(0);
});

test('a page that reads, as Datasette does, sees every run, and can write nothing', async () => {
  const served = await serveSynced();
  const datasette = open(served.database, { readonly: true });
  expect(countImages(datasette)).toBe(60);
  served.account.upload({ id: 'new' });
  expect((await served.sync()).code).toBe(0);
  expect(countImages(datasette)).toBe(61);
  expect(() => datasette.exec('DELETE FROM changes')).toThrow('readonly');
});
