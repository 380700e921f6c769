import { readFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';

const UNLIMITED = { IMAGE_INVENTORY_RATE_REQUESTS: '1000000' };

function expectEqual({ database, account }: ServedAccount): void {
  const stored = imagesAsApi(database, ACCOUNT);
  const actual = accountAsApi(account.all());
  expect(stored.size).toBe(actual.size);
  for (const [id, image] of actual) {
    if (stored.get(id) !== image) expect(stored.get(id)).toBe(image);
  }
}

describe('25,000 images', () => {
  test.for([{ perPage: 1000 }, { perPage: 10 }])(
    'arrive field by field, $perPage in a page, with at most three requests more than pages',
    { timeout: 120_000 },
    async ({ perPage }) => {
      const served = await serveAccount({ images: 25_000, drafts: 5 });
      const env = { ...UNLIMITED, IMAGE_INVENTORY_PER_PAGE: String(perPage) };
      const { code, log, stderr } = await served.sync([], env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expectEqual(served);
      const pages = Math.ceil(25_000 / perPage);
      expect(served.emulator.requests.length).toBeLessThanOrEqual(pages + 3);
      expect(log().at(-1)).toMatchObject({
        event: 'sync.finished',
        baseline: true,
        listed: 25_000,
        requests: served.emulator.requests.length,
      });
      expect(query(served.database, 'SELECT count(*) AS n FROM changes')).toEqual([{ n: 0 }]);
    },
  );

  test('a second run of an unchanged account touches the pages of the ledger and no other', async () => {
    const served = await serveAccount({ images: 25_000 });
    await served.sync();
    const before = readFileSync(served.database);
    const { log } = await served.sync();
    const after = readFileSync(served.database);

    expect(log().at(-1)).toMatchObject({ event: 'sync.finished', unchanged: 25_000 });
    expect(query(served.database, 'SELECT count(*) AS n FROM changes')).toEqual([{ n: 0 }]);
    expect(after.length).toBe(before.length);
    const touched = pagesThatDiffer(before, after);
    const ledger = pagesOf(served.database, ['runs', 'runs_by_account']);
    // Page 1 also holds the file's change counter.
    expect([...touched].filter((page) => page !== 1 && !ledger.has(page))).toEqual([]);
    expect(touched.size).toBeGreaterThan(0);
  });
});

test('a server that silently caps its pages still yields every image', async () => {
  const served = await serveAccount({ images: 2345, quirks: { maxPageSize: 100 } });
  const { code } = await served.sync();
  expect(code).toBe(0);
  expectEqual(served);
  expect(served.emulator.requests.length).toBeLessThanOrEqual(24 + 3);
});

test.for([{ images: 5000 }, { images: 50 }])(
  'a server that ignores the page number is an error with $images images, not a loop and not a snapshot',
  async ({ images }) => {
    const served = await serveAccount({ images, quirks: { ignorePage: true } });
    const { code, stderr } = await served.sync();
    expect(code).toBe(3);
    expect(stderr).toContain('repeats images of earlier pages');
    expect(query(served.database, 'SELECT count(*) AS n FROM images')).toEqual([{ n: 0 }]);
    expect(query(served.database, 'SELECT status, error_code FROM runs')).toEqual([
      { status: 'incomplete', error_code: 'LIST_REPEATS' },
    ]);
    expect(served.emulator.requests.length).toBeLessThan(15);
  },
);

test('an empty answer that an account’s statistics belie is held, not a baseline of nothing', async () => {
  const served = await serveAccount({ images: 30 });
  served.emulator.faults.add({ name: 'empty-list', path: /page=/ });
  const { code, stderr } = await served.sync();
  expect(code).toBe(4);
  expect(stderr).toContain('its statistics say 30');
  expect(query(served.database, 'SELECT status FROM runs')).toEqual([{ status: 'held' }]);

  expect((await served.sync(['--allow-mass-removal'])).code).toBe(0);
  expect((await served.sync()).code).toBe(0);
});

test('an empty answer in the middle of the list does not end it', async () => {
  const served = await serveAccount({ images: 95 });
  served.emulator.faults.add({ name: 'empty-list', path: /page=4&/, times: 1 });
  const { code } = await served.sync([], {
    IMAGE_INVENTORY_PER_PAGE: '10',
    IMAGE_INVENTORY_CONCURRENCY: '1',
  });
  expect(code).toBe(0);
  expectEqual(served);
});

test('a page of images that were all seen before is no reason to refuse a list that moves', async () => {
  const served = await serveAccount({ images: 29 });
  // Newest first: an upload pushes every image one place back, onto a last page of its own.
  served.emulator.on('request', (_method, path) => {
    if (path.includes('page=3&') && served.account.size < 31) {
      served.account.upload();
      served.account.upload();
    }
  });
  const { code, log } = await served.sync([], {
    IMAGE_INVENTORY_PER_PAGE: '10',
    IMAGE_INVENTORY_CONCURRENCY: '1',
  });
  expect({ code, listed: log().at(-1)?.['listed'] }).toEqual({ code: 0, listed: 29 });
});

test('an account whose statistics are not to be had is read all the same, with hardly more requests', async () => {
  const served = await serveAccount({ images: 95 });
  served.emulator.faults.add({ name: 'no-route', path: /stats/ });
  const { code } = await served.sync([], { IMAGE_INVENTORY_PER_PAGE: '10' });
  expect(code).toBe(0);
  expectEqual(served);
  expect(query(served.database, 'SELECT expected FROM runs')).toEqual([{ expected: null }]);
  expect(served.emulator.requests.length).toBeLessThanOrEqual(10 + 4);
});

test('an empty account is a snapshot of nothing', async () => {
  const served = await serveAccount({ images: 0 });
  const { code, log } = await served.sync();
  expect(code).toBe(0);
  expect(log().at(-1)).toMatchObject({ event: 'sync.finished', listed: 0, requests: 2 });
});

test('drafts are not listed, so statistics that count them are a warning and no more', async () => {
  const quirks = { statsCountDrafts: true };
  const served = await serveAccount({ images: 30, drafts: 7, quirks });
  const { code, log } = await served.sync();
  expect(code).toBe(0);
  expect(log().find(({ event }) => event === 'sync.mismatch')).toMatchObject({
    level: 'warn',
    listed: 30,
    expected: 37,
  });
  expect(query(served.database, 'SELECT listed, expected FROM runs')).toEqual([
    { listed: 30, expected: 37 },
  ]);
});

function pagesThatDiffer(before: Buffer, after: Buffer): Set<number> {
  const size = before.readUInt16BE(16);
  const pages = new Set<number>();
  for (let start = 0; start < after.length; start += size) {
    const page = after.subarray(start, start + size);
    if (!page.equals(before.subarray(start, start + size))) pages.add(start / size + 1);
  }
  return pages;
}

function pagesOf(path: string, tables: readonly string[]): Set<number> {
  const database = new Sqlite(path, { readonly: true });
  const pages = database
    .prepare<[string], number>(
      'SELECT pageno FROM dbstat WHERE name IN (SELECT value FROM json_each(?))',
    )
    .pluck()
    .all(JSON.stringify(tables));
  database.close();
  return new Set(pages);
}
