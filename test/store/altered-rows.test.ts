import { expect, test } from 'vitest';
import type { Stage } from '../../src/sync/ports/stage.ts';
import { query } from '../support/inventory.ts';
import {
  END,
  imageOf,
  openStore,
  openStoreWith,
  suspectsOf,
  type OpenedStore,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { statements } from '../support/tamper.ts';

/** An inventory of two images, one of which somebody has altered since. */
function alteredBy(sql: string): OpenedStore {
  const { path, die } = openStoreWith([imageOf('a', 'x'), imageOf('b', 'x')]);
  die();
  statements(sql)(path);
  return openStore(path);
}

test.for([
  "UPDATE stored_images SET row_id = 1000 WHERE id = 'b'",
  // SQLite gives it the next row, which readers do not look at.
  `REPLACE INTO stored_images (account_key, id, filename, first_seen_run, changed_run)
   SELECT account_key, id, 'by hand', first_seen_run, changed_run FROM stored_images WHERE id = 'b'`,
])('an image whose row readers cannot see is there again after a run that saw it: %s', (sql) => {
  const { path, begin } = alteredBy(sql);
  const stage = begin();
  stage.add(pageOf([imageOf('a', 'x'), imageOf('b', 'x')]));
  expect(stage.publish(END)).toMatchObject({ listed: 2, added: 0 });
  expect(query(path, 'SELECT id, filename FROM images ORDER BY id')).toEqual([
    { id: 'a', filename: 'x' },
    { id: 'b', filename: 'x' },
  ]);
});

test.for([
  "DELETE FROM stored_images WHERE id = 'a'",
  `REPLACE INTO stored_images (account_key, id, filename, first_seen_run, changed_run)
   SELECT account_key, id, 'by hand', first_seen_run, changed_run FROM stored_images WHERE id = 'a'`,
])('a row that is gone since a run was interrupted was not seen: %s', (sql) => {
  const { path, begin, die } = openStoreWith([imageOf('a'), imageOf('b'), imageOf('c')]);
  const interrupted = begin();
  interrupted.expect(3);
  interrupted.add(pageOf([imageOf('a'), imageOf('b')], { number: 1 }));
  die();
  statements(sql)(path);
  const stage = openStore(path).begin();
  expect(stage.resumed).toBeDefined();
  stage.add(pageOf([imageOf('d')], { number: 2 }));
  // Fewer than the account states, so that the list is read anew.
  expect(stage.listed).toBe(2);
  expect(suspectsOf(stage)).toContain('c');
});

test.for([-5, 0, 2 ** 32, 2 ** 53])('no run reads a row id that none gives: %s', (rowId) => {
  const { path, begin } = alteredBy(`UPDATE stored_images SET row_id = ${rowId} WHERE id = 'b'`);
  expect(() => begin()).toThrow('a row whose id no run has given it');
  statements('DELETE FROM stored_images WHERE row_id NOT BETWEEN 1 AND 4294967295')(path);
  for (const filename of ['y', 'z']) {
    const stage = begin();
    stage.add(pageOf([imageOf('a', 'x'), imageOf('b', filename)]));
    stage.publish(END);
    expect(query(path, "SELECT filename FROM images WHERE id = 'b'")).toEqual([{ filename }]);
  }
});

test('an image that somebody has put back by hand can be removed again', () => {
  const { path, begin, die } = openStoreWith([imageOf('a'), imageOf('b', 'x')]);
  removeOthersThanA(begin());
  die();
  statements(`INSERT INTO stored_images (row_id, account_key, id, filename, first_seen_run, changed_run)
    SELECT 2, 1, id, 'by hand', first_seen_run, changed_run FROM removed_images`)(path);
  removeOthersThanA(openStore(path).begin());
  expect(query(path, 'SELECT id FROM images')).toEqual([{ id: 'a' }]);
  expect(query(path, 'SELECT id, filename, removed_run FROM removed_images')).toEqual([
    { id: 'b', filename: 'by hand', removed_run: 3 },
  ]);
});

function removeOthersThanA(stage: Stage): void {
  stage.add(pageOf([imageOf('a')]));
  stage.condemnRest();
  stage.publish(END);
}
