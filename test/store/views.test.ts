import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { isoTime } from '../../src/store/ledger.ts';
import { query, type Row } from '../support/inventory.ts';
import {
  END,
  FAILED,
  imageOf as image,
  openStore,
  openStoreWith,
  type OpenedStore,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { RandomAccount } from '../support/random-account.ts';
import { seededRandom } from '../support/random.ts';

const imageFrom = (json: string) => decodeImage(parseJson(json));

/** Two accounts after some random runs, and one with a run under way, whose images nobody may see. */
function randomInventory(seed: number): OpenedStore {
  const random = seededRandom(seed);
  const opened = openStore();
  const accounts = ['acc', 'other'].map((id) => new RandomAccount(id, random));
  for (let round = 0; round < 12; round += 1) {
    const account = random.pick(accounts);
    account.change();
    account.run(opened);
  }
  opened.begin({ accountId: 'acc' }).add(pageOf([image('staged', 'staged')]));
  return opened;
}

/** Counts rows by some of their columns. */
function counted(rows: readonly Row[], keysOf: (row: Row) => readonly unknown[]): Set<string> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const key = JSON.stringify(keysOf(row));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return new Set([...counts].map(([key, count]) => `${key} ${count}`));
}

const asCounts = (rows: readonly Row[], ...columns: readonly string[]): Set<string> =>
  new Set(
    rows.map((row) => {
      const keys = JSON.stringify(columns.map((column) => row[column]));
      return `${keys} ${String(row['images'])}`;
    }),
  );

describe.for(Array.from({ length: 10 }, (_, index) => 200 + index))('seed %i', (seed) => {
  test('creators counts the images of each creator, with the first and the last upload', () => {
    const { path } = randomInventory(seed);
    const images = query(path, 'SELECT * FROM images');
    const creators = query(path, 'SELECT * FROM creators');
    expect(asCounts(creators, 'account_id', 'creator')).toEqual(
      counted(images, (row) => [row['account_id'], row['creator']]),
    );
    for (const row of creators) {
      const uploads = images
        .filter(
          (one) => one['account_id'] === row['account_id'] && one['creator'] === row['creator'],
        )
        .flatMap(({ uploaded }) => (uploaded === null ? [] : String(uploaded)))
        .sort();
      expect([row['first_upload'], row['last_upload']]).toEqual([
        uploads[0] ?? null,
        uploads.at(-1) ?? null,
      ]);
    }
  });

  test('uploads_by_month loses no image, whatever its upload time is', () => {
    const { path } = randomInventory(seed);
    const months = query(path, 'SELECT * FROM uploads_by_month');
    const monthOf = (time: unknown): string | null =>
      /^\d{4}-\d\d-/.test(String(time)) ? String(time).slice(0, 7) : null;
    expect(asCounts(months, 'account_id', 'month')).toEqual(
      counted(query(path, 'SELECT * FROM images'), (row) => [
        row['account_id'],
        monthOf(row['uploaded']),
      ]),
    );
  });

  test('meta_keys counts each key of each type', () => {
    const { path } = randomInventory(seed);
    const found = query(path, 'SELECT * FROM images').flatMap(({ account_id, meta }) => {
      const value: unknown = meta === null ? null : JSON.parse(String(meta));
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
      return Object.entries(value).map(([key, member]) => ({
        account_id,
        key,
        type: typeOf(member),
      }));
    });
    expect(asCounts(query(path, 'SELECT * FROM meta_keys'), 'account_id', 'key', 'type')).toEqual(
      counted(found as Row[], (row) => [row['account_id'], row['key'], row['type']]),
    );
  });
});

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number')
    return Number.isInteger(value) && value < 1e15 ? 'integer' : 'real';
  return typeof value === 'string' ? 'text' : typeof value;
}

test('meta_keys shows an example, and leaves out meta that SQLite cannot read', () => {
  const deep = { ...image('c'), meta: '['.repeat(3000) + ']'.repeat(3000) };
  const { path } = openStoreWith([
    imageFrom('{"id":"a","meta":{"album":"banner","done":true}}'),
    imageFrom('{"id":"b","meta":{"album":"summer","done":false}}'),
    deep,
  ]);
  expect(query(path, 'SELECT key, type, images, example FROM meta_keys ORDER BY key')).toEqual([
    { key: 'album', type: 'text', images: 2, example: 'banner' },
    { key: 'done', type: 'boolean', images: 2, example: 0 },
  ]);
});

test('recent_changes tells what runs found, the newest first', () => {
  const { path, begin } = openStoreWith([image('a', 'one'), image('b', 'two')]);
  const first = begin();
  first.add(pageOf([{ ...image('a', 'other'), creator: 'ann' }, image('b', 'two')]));
  first.publish(END);
  const second = begin();
  second.add(pageOf([{ ...image('a', 'other'), creator: 'ann' }, image('c', 'three')]));
  second.condemn('b');
  second.publish({ ...END, finishedAt: 2000 });
  const rows = query(
    path,
    'SELECT at, account_id, run_id, kind, image_id, filename, columns FROM recent_changes LIMIT 10',
  );
  expect(rows.map((row) => Object.values(row))).toEqual([
    [isoTime(2000), 'acc', 3, 'removed', 'b', 'two', 'filename'],
    [isoTime(2000), 'acc', 3, 'added', 'c', 'three', 'filename'],
    [isoTime(1000), 'acc', 2, 'changed', 'a', 'other', 'filename, creator'],
  ]);
});

test('recent_changes survives a diff that SQLite cannot read', () => {
  const { path, begin } = openStoreWith([image('a', 'one')]);
  const stage = begin();
  stage.add(pageOf([{ ...image('a', 'one'), meta: '['.repeat(3000) + ']'.repeat(3000) }]));
  stage.publish(END);
  expect(query(path, 'SELECT image_id, columns FROM recent_changes')).toEqual([
    { image_id: 'a', columns: null },
  ]);
});

test('latest_runs has the last run of each account, and its last complete full one', () => {
  const { path, begin } = openStoreWith([image('a')]);
  begin({ mode: 'quick' }).publish({ ...END, finishedAt: 2000 });
  begin().abandon({ ...END, finishedAt: 3000 }, FAILED);
  begin({ accountId: 'new' }).abandon(END, FAILED);
  const rows = query(path, 'SELECT * FROM latest_runs ORDER BY account_id');
  expect(rows).toMatchObject([
    {
      account_id: 'acc',
      run_id: 3,
      status: 'failed',
      finished_at: isoTime(3000),
      error_code: 'UNEXPECTED',
      full_run_id: 1,
      full_finished_at: isoTime(1000),
    },
    { account_id: 'new', run_id: 4, full_run_id: null, full_age_seconds: null },
  ]);
  const years = (Date.now() - 1000) / 1000;
  expect(Number(rows[0]?.['full_age_seconds']) / years).toBeCloseTo(1);
});

test('no view shows a run under way', () => {
  const opened = openStore();
  opened.begin().add(pageOf([imageFrom('{"id":"a","creator":"ann","meta":{"k":1}}')]));
  for (const view of [
    'images',
    'search',
    'creators',
    'uploads_by_month',
    'meta_keys',
    'images_at',
  ]) {
    expect(query(opened.path, `SELECT * FROM ${view}`), view).toEqual([]);
  }
});
