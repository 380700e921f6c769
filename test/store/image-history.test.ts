import { expect, test } from 'vitest';
import { openForReading } from '../../src/store/database.ts';
import {
  GONE_IMAGE,
  IMAGE_CHANGES,
  PRESENT_IMAGE,
  readImageHistories,
  type ImageHistory,
} from '../../src/store/image-history.ts';
import { forgetDays } from '../support/forgetting.ts';
import { runOn } from '../support/long-history.ts';
import { imageOf, openStore } from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { statements } from '../support/tamper.ts';

/** What the accounts of an inventory know of an image. */
function historiesIn(
  path: string,
  imageId: string,
  ...accounts: string[]
): readonly ImageHistory[] {
  const database = openForReading(path);
  try {
    return readImageHistories(database, accounts, imageId);
  } finally {
    database.close();
  }
}

test('an image that only a run under way has seen has no history yet', () => {
  const store = openStore();
  runOn(store, 0, [imageOf('a', 'old')]);
  const stage = store.begin();
  stage.add(pageOf([imageOf('a', 'new'), imageOf('fresh')]));
  expect(historiesIn(store.path, 'fresh', 'acc')).toEqual([]);
  expect(historiesIn(store.path, 'a', 'acc')).toMatchObject([
    { image: { filename: 'old' }, changes: [] },
  ]);
});

test('only the accounts that were asked about tell, and those that know it, in the order in which they were asked', () => {
  const store = openStore();
  for (const accountId of ['one', 'two', 'three']) runOn(store, 0, [imageOf('a')], accountId);
  runOn(store, 0, [imageOf('b')], 'four');
  const asked = ['three', 'one', 'four', 'never read'];
  const told = historiesIn(store.path, 'a', ...asked).map(({ accountId }) => accountId);
  expect(told).toEqual(['three', 'one']);
});

test('an account that began with nothing has no image of its beginning', () => {
  const store = openStore();
  runOn(store, 0, []);
  runOn(store, 1, [imageOf('a')]);
  expect(historiesIn(store.path, 'a', 'acc')).toMatchObject([
    { firstSeen: { runId: 2 }, isOfBaseline: false, changes: [{ kind: 'added', runId: 2 }] },
  ]);
});

test('an account that began with nothing still did when its first runs are forgotten', () => {
  const store = openStore();
  runOn(store, 0, []);
  for (const day of [1, 2, 3, 4]) runOn(store, day, [imageOf('a')]);
  store.die();
  forgetDays(store.path, 4);
  expect(historiesIn(store.path, 'a', 'acc')).toMatchObject([
    { firstSeen: { runId: 2 }, isOfBaseline: false, forgotten: { runId: 4 } },
  ]);
});

test.for(['meta', 'variants', 'extra', 'null_fields'])(
  '%s that is no JSON is refused',
  (column) => {
    const store = openStore();
    runOn(store, 0, [imageOf('a')]);
    store.die();
    statements(`UPDATE stored_images SET ${column} = '{"a'`)(store.path);
    expect(() => historiesIn(store.path, 'a', 'acc')).toThrow(
      `the past cannot be told: the image a has no JSON in ${column}`,
    );
  },
);

test('what is left of changes that are forgotten is not told', () => {
  const store = openStore();
  runOn(store, 0, [imageOf('a', '0')]);
  runOn(store, 1, [imageOf('a', '1')]);
  runOn(store, 2, [imageOf('a', '2')]);
  statements('UPDATE accounts SET forgotten_run = 2')(store.path);
  const [history] = historiesIn(store.path, 'a', 'acc');
  expect(history?.changes.map(({ runId }) => runId)).toEqual([3]);
  expect(history?.forgotten).toEqual({ runId: 2, at: '2026-01-02T12:00:00.000Z' });
});

test('among 300,000 changes everything is found through an index, with nothing to sort', () => {
  const store = openStore();
  const others = Array.from({ length: 1000 }, (_, index) => imageOf(`other ${index}`));
  runOn(store, 0, [imageOf('a', '0'), ...others]);
  runOn(store, 1, [imageOf('a', '1'), ...others.slice(500)]);
  const { database } = store.opened;
  database.exec(`INSERT INTO changes (run_id, account_id, image_id, kind, diff, at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
    SELECT 2, 'acc', 'image ' || i, 'changed', '{}', '' FROM n;
    INSERT INTO accounts (account_id) SELECT image_id FROM changes LIMIT 100`);
  // What SQLite knows of the tables decides as well: the daemon keeps it fresh.
  database.exec('ANALYZE');
  const planOf = (sql: string): string[] =>
    database
      .prepare<[object], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all({ accountId: 'acc', imageId: 'a', horizon: 0 })
      .map(({ detail }) => detail);
  expect([PRESENT_IMAGE, GONE_IMAGE, IMAGE_CHANGES].flatMap(planOf)).toEqual([
    'SEARCH accounts USING INDEX sqlite_autoindex_accounts_1 (account_id=?)',
    'SEARCH stored_images USING INDEX images_by_id (account_key=? AND id=? AND rowid<?)',
    'SEARCH removed_images USING INDEX sqlite_autoindex_removed_images_1 (account_id=? AND id=?)',
    'SEARCH changes USING INDEX changes_by_image (account_id=? AND image_id=?)',
  ]);
  expect(historiesIn(store.path, 'a', 'acc')).toMatchObject([{ changes: [{ runId: 2 }] }]);
});
