import { expect, test } from 'vitest';
import { query } from '../support/inventory.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';

const ids = (served: ServedAccount): unknown =>
  query(served.database, 'SELECT id, creator FROM images ORDER BY id').map(({ id, creator }) => [
    id,
    creator,
  ]);

async function serveThree(): Promise<ServedAccount> {
  const served = await serveAccount({ images: 0 });
  served.account.upload({ id: 'a1', creator: 'ann' });
  served.account.upload({ id: 'b1', creator: 'bob' });
  served.account.upload({ id: 'n1' });
  return served;
}

test('a filter lists one creator’s images, and leaves all others alone', async () => {
  const served = await serveThree();
  await served.sync();
  served.account.delete('b1');
  served.account.upload({ id: 'a2', creator: 'ann' });
  served.emulator.requests.length = 0;
  const { code, log } = await served.sync([], { IMAGE_INVENTORY_CREATOR: 'ann' });
  expect(code).toBe(0);
  expect(ids(served)).toEqual([
    ['a1', 'ann'],
    ['a2', 'ann'],
    ['b1', 'bob'],
    ['n1', null],
  ]);
  expect(log().at(-1)).toMatchObject({ added: 1, removed: 0, unchanged: 1 });
  expect(served.emulator.requests.filter((path) => !path.includes('creator=ann'))).toEqual([]);
});

test('a filter that is set but empty means "creator not set"', async () => {
  const served = await serveThree();
  await served.sync([], { IMAGE_INVENTORY_CREATOR: '' });
  expect(ids(served)).toEqual([['n1', null]]);
});

test('an image that left the filter is updated, not removed; one that is gone is removed', async () => {
  const served = await serveThree();
  served.account.upload({ id: 'a2', creator: 'ann' });
  await served.sync();
  served.account.patch('a1', { creator: 'bob' });
  served.account.delete('a2');
  served.account.upload({ id: 'a3', creator: 'ann' });
  const { code } = await served.sync([], { IMAGE_INVENTORY_CREATOR: 'ann' });
  expect(code).toBe(0);
  expect(ids(served)).toEqual([
    ['a1', 'bob'],
    ['a3', 'ann'],
    ['b1', 'bob'],
    ['n1', null],
  ]);
});
