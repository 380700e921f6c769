import { describe, expect, test } from 'vitest';
import { IMAGE_COLUMNS } from '../../src/inventory/table.ts';
import { openSnapshot } from '../../src/store/database.ts';
import { accountsAt } from '../../src/store/past/accounts-at.ts';
import { imagesAt } from '../../src/store/past/images-at.ts';
import { rowsQuery } from '../../src/store/selection.ts';
import { END, imageOf, openStoreWith, type OpenedStore } from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';

/** How SQLite yields an account's images after a run in the order of time, one step a line. */
function planOf(
  { path }: OpenedStore,
  accountId: string,
  runId: number,
  condition?: string,
): string {
  const database = openSnapshot(path);
  try {
    const [at] = accountsAt(database, [accountId], [{ is: 'run', runId }]);
    if (at === undefined) throw new Error('no account');
    const { queries, values } = imagesAt(database, at, 'present');
    return database
      .prepare<[object], { detail: string }>(
        `EXPLAIN QUERY PLAN ${rowsQuery(queries, IMAGE_COLUMNS, condition)}`,
      )
      .all(values)
      .map(({ detail }) => detail)
      .join('\n');
  } finally {
    database.close();
  }
}

/** Two runs of an account, and a small part of the file that is of another one. */
function twoAccounts(): OpenedStore {
  const images = Array.from({ length: 200 }, (_, index) => imageOf(`image-${index}`));
  const store = openStoreWith(images);
  const second = store.begin();
  second.add(pageOf([...images, imageOf('new')]));
  second.publish(END);
  const other = store.begin({ accountId: 'other' });
  other.add(pageOf([imageOf('only')]));
  other.publish(END);
  return store;
}

describe('the images of an account that most images are of', () => {
  test.for([2, 1])(
    'come in the order of time without being sorted first, as of run %i',
    (runId) => {
      const plan = planOf(twoAccounts(), 'acc', runId);
      expect(plan).toContain('SCAN stored_images USING INDEX images_by_upload');
      expect(plan).not.toContain('TEMP B-TREE');
    },
  );

  test('that a condition names are still found by its index', () => {
    const store = twoAccounts();
    expect(planOf(store, 'acc', 2, "creator = 'acme'")).toContain(
      'images_by_creator (creator=? AND account_key=?)',
    );
    expect(planOf(store, 'acc', 2, "id = 'new'")).toContain('(account_key=? AND id=?)');
  });
});

test('an account that few images are of is read by itself', () => {
  expect(planOf(twoAccounts(), 'other', 3)).toContain('(account_key=?)');
});
