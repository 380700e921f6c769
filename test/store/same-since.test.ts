import { expect, test } from 'vitest';
import { sameSince } from '../../src/store/same-since.ts';
import { forgetDays } from '../support/forgetting.ts';
import { runOn } from '../support/long-history.ts';
import { imageOf, openStore, type OpenedStore } from '../support/opened-store.ts';
import { query } from '../support/inventory.ts';

const ACCOUNT = { key: 1, accountId: 'acc' };
const DAYS = ['a', 'a', 'a b', 'a', 'a', 'a c', 'a c'];

/** An account that has these images, day by day, beside another one: its runs have the numbers 1, 3, 5 and so on. */
function history(): OpenedStore {
  const store = openStore();
  for (const [day, ids] of DAYS.entries()) {
    const images = ids.split(' ').map((id) => imageOf(id));
    runOn(store, day, images);
    runOn(store, day, [imageOf(`of day ${day}`)], 'other');
  }
  return store;
}

const sinceEach = ({ opened }: OpenedStore): number[] =>
  DAYS.map((_, day) => sameSince(opened.database, ACCOUNT, 2 * day + 1));

test('a run has the images of the earliest one behind which nothing changed, not even for a while', () => {
  expect(sinceEach(history())).toEqual([1, 1, 5, 7, 7, 11, 11]);
});

test('what was before the horizon counts as different', () => {
  const { path, die } = history();
  die();
  forgetDays(path, 5);
  const store = openStore(path);
  const [horizon] = query(path, "SELECT forgotten_run FROM accounts WHERE account_id = 'acc'");
  expect(horizon).toEqual({ forgotten_run: 9 });
  expect(sinceEach(store).slice(4)).toEqual([9, 11, 11]);
});
