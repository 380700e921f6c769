import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { countImages } from '../../src/store/image-count.ts';
import { forgetPast } from '../../src/store/retention.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { DAY_MS, FIRST_DAY } from '../support/days.ts';
import { query } from '../support/inventory.ts';
import { writeLongHistory } from '../support/long-history.ts';
import { olderInventory } from '../support/older-inventory.ts';
import {
  END,
  imageOf,
  openStore,
  openStoreWith,
  type OpenedStore,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { RandomAccount } from '../support/random-account.ts';
import { seededRandom } from '../support/random.ts';

/** What anybody with SQLite would count. */
function counted(path: string, accountId = 'acc'): number {
  const rows = query(path, 'SELECT count(*) AS n FROM images WHERE account_id = ?', accountId);
  return Number(rows[0]?.['n']);
}

/** Forgets what lies before the beginning of a day. */
function forget({ opened }: OpenedStore, day: number): void {
  Array.from(forgetPast(opened.database, { before: FIRST_DAY + day * DAY_MS, batch: 10 }));
}

/** One run at noon of a day that lists these ids; what it is to list and does not is gone. */
function runOn(
  { begin }: OpenedStore,
  day: number,
  ids: readonly string[],
  creators?: readonly string[],
): void {
  const at = FIRST_DAY + (day + 0.5) * DAY_MS;
  const stage = begin({ startedAt: at, mayResume: false, creators });
  stage.add(pageOf(ids.map((id) => imageOf(id))));
  stage.condemnRest();
  stage.publish({ ...END, finishedAt: at });
}

describe('the number of images', () => {
  test.for(Array.from({ length: 20 }, (_, seed) => seed))(
    'is right after every run of whatever kind and outcome: %i',
    (seed) => {
      const random = seededRandom(seed);
      const store = openStore();
      const accounts = ['acc', 'other'].map((id) => ({
        id,
        account: new RandomAccount(id, random),
      }));
      for (let run = 0; run < 30; run += 1) {
        const { id, account } = random.pick(accounts);
        account.change();
        account.run(store);
        expect(countImages(store.opened.database, id)).toBe(counted(store.path, id));
      }
    },
  );

  test('is right while a run is under way', () => {
    const store = openStoreWith([imageOf('a')]);
    store.begin().add(pageOf([imageOf('a'), imageOf('b')]));
    expect(countImages(store.opened.database, 'acc')).toBe(1);
  });

  test('is right whatever is forgotten', () => {
    const store = openStore();
    writeLongHistory(store, 12);
    for (let day = 1; day < 14; day += 1) {
      forget(store, day);
      for (const id of ['acc', 'other']) {
        expect(countImages(store.opened.database, id)).toBe(counted(store.path, id));
      }
    }
  });

  test('is right when a run is forgotten whose removals were taken back', () => {
    const store = openStore();
    runOn(store, 0, ['a', 'b']);
    for (const [day, ids] of [['a', 'b'], ['a'], ['a', 'b'], ['a', 'b'], ['a', 'b']].entries()) {
      runOn(store, day + 1, ids, ['']);
    }
    const removed = (): unknown =>
      query(store.path, 'SELECT sum(removed) AS n FROM runs')[0]?.['n'];
    expect(removed()).toBe(1);
    expect(countImages(store.opened.database, 'acc')).toBe(2);
    forget(store, 5);
    expect(removed()).toBe(0);
    expect(countImages(store.opened.database, 'acc')).toBe(2);
  });

  test('is right after a run that looked at the images of some creators', () => {
    const ofAnn = decodeImage({ id: 'c', creator: 'ann' });
    const store = openStoreWith([imageOf('a'), imageOf('b'), ofAnn]);
    runOn(store, 1, ['a'], ['']);
    expect(countImages(store.opened.database, 'acc')).toBe(2);
    expect(counted(store.path)).toBe(2);
  });

  test('is right after a run that found an image which the list did not show', () => {
    const store = openStoreWith([imageOf('a'), imageOf('b')]);
    const stage = store.begin();
    stage.add(pageOf([imageOf('a')]));
    stage.acquit(imageOf('b'));
    stage.publish(END);
    expect(countImages(store.opened.database, 'acc')).toBe(2);
  });

  test('is counted where only runs of some creators were published', () => {
    const store = openStore();
    runOn(store, 0, ['a', 'b', 'c'], ['']);
    runOn(store, 1, ['a', 'b'], ['']);
    expect(countImages(store.opened.database, 'acc')).toBe(2);
  });

  test('is counted where an older program kept the ledger', () => {
    const path = olderInventory(1);
    const { opened } = openStore(path);
    opened.database.exec('UPDATE runs SET added = 7');
    expect(countImages(opened.database, 'acc')).toBe(1);
  });

  test('is that of the ledger; verify tells when the images are others', () => {
    const { path, opened } = openStoreWith([imageOf('a'), imageOf('b'), imageOf('c')]);
    opened.database.exec("DELETE FROM stored_images WHERE id = 'b'");
    expect(countImages(opened.database, 'acc')).toBe(3);
    const { checks } = verifyInventory(path, undefined);
    expect(checks.flatMap(({ findings }) => findings)).not.toEqual([]);
  });

  test('of an account that was never read is 0', () => {
    expect(countImages(openStore().opened.database, 'nobody')).toBe(0);
  });
});
