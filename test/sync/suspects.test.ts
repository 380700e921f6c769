import { describe, expect, test } from 'vitest';
import { accountAsApi } from '../support/inventory.ts';
import { openInProcess, type InProcess } from '../support/in-process.ts';

const FEW = { IMAGE_INVENTORY_REMOVAL_CONFIRM_REQUESTS: '5' };
const HELD_AT_20 = {
  ...FEW,
  IMAGE_INVENTORY_REMOVAL_MAX_COUNT: '20',
  IMAGE_INVENTORY_REMOVAL_MAX_FRACTION: '0.2',
};

const isPage = (path: string): boolean => /images\/v[12]\?/.test(path);
const isDetail = (path: string): boolean => /images\/v1\/(?!stats)/.test(path);

/** An inventory of 80 images, of which some are deleted afterwards. */
async function openWithDeleted(deleted: number, env = FEW): Promise<InProcess> {
  const opened = await openInProcess({ images: 80 }, env);
  await opened.sync();
  for (const { id } of opened.account.all().slice(0, deleted)) opened.account.delete(id);
  opened.asked();
  return opened;
}

describe('images that are stored and were not listed', () => {
  test('are each asked for when they are few', async () => {
    const { sync, asked, account, seen, logged } = await openWithDeleted(5);
    expect(await sync()).toMatchObject({ failure: undefined, counts: { removed: 5 } });
    const [confirming] = logged('sync.confirming');
    expect(confirming).toMatchObject({ asked: 5, gone: 5 });
    expect(confirming).not.toHaveProperty('suspects');
    const requests = asked();
    expect(requests.filter(isDetail)).toHaveLength(5);
    expect(requests.filter(isPage)).toHaveLength(8 + 1);
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('are listed once more, then sampled, when they are many', async () => {
    const { sync, asked, account, seen, logged } = await openWithDeleted(30);
    expect(await sync()).toMatchObject({ failure: undefined, counts: { removed: 30 } });
    const requests = asked();
    expect(requests.filter(isDetail)).toHaveLength(5);
    expect(requests.filter(isPage)).toHaveLength(2 * (5 + 1));
    expect(logged('sync.repeating')).toMatchObject([{ reason: 'suspects' }]);
    expect(logged('sync.confirming')).toMatchObject([{ asked: 5, gone: 5, suspects: 30 }]);
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('are no suspects any more when the second listing shows them', async () => {
    const { sync, account, emulator, seen } = await openWithDeleted(2);
    // The first listing ends after three pages; nobody states how many there should be.
    emulator.faults.add({ name: 'no-route', path: /stats/ });
    emulator.faults.add({ name: 'empty-list', path: /page=[4-9]&/, times: 2 });
    expect(await sync()).toMatchObject({ failure: undefined, counts: { removed: 2 } });
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('make the run incomplete when one of a sample is there', async () => {
    const { sync, account, emulator, seen, query, logged } = await openWithDeleted(0);
    const before = seen();
    account.upload({ id: 'new' });
    emulator.faults.add({ name: 'empty-list', path: /page=[4-9]&/ });
    const { failure } = await sync();
    expect(failure).toMatchObject({ code: 'LIST_INCONSISTENT' });
    expect(failure?.message).toBe(
      'the list twice did not show 51 stored images, and one of them, asked for by its id, is there',
    );
    expect(logged('sync.confirming')).toHaveLength(1);
    expect(seen()).toEqual(before);
    expect(query('SELECT status, removed FROM runs WHERE run_id = 2')).toEqual([
      { status: 'incomplete', removed: 0 },
    ]);
  });

  test('hold the run when they are too many, however few are asked for', async () => {
    const { sync, seen, asked } = await openWithDeleted(30, HELD_AT_20);
    const before = seen();
    const { failure } = await sync({ allowMassRemoval: false });
    expect(failure).toMatchObject({ code: 'HELD' });
    expect(failure?.message).toContain('30 of 80');
    expect(asked().filter(isDetail)).toHaveLength(5);
    expect(seen()).toEqual(before);
    expect(await sync()).toMatchObject({ counts: { removed: 30 } });
  });

  test('hold the run as soon as too many of them are gone, before all were asked for', async () => {
    const env = { ...HELD_AT_20, IMAGE_INVENTORY_REMOVAL_CONFIRM_REQUESTS: '500' };
    const { sync, account, asked, seen } = await openInProcess({ images: 250 }, env);
    await sync();
    for (const { id } of account.all().slice(0, 201)) account.delete(id);
    const before = seen();
    asked();
    expect(await sync({ allowMassRemoval: false })).toMatchObject({ failure: { code: 'HELD' } });
    expect(asked().filter(isDetail)).toHaveLength(100);
    expect(seen()).toEqual(before);
  });

  test('that left the filter are all asked for, since the list cannot vouch for any', async () => {
    const env = { ...FEW, IMAGE_INVENTORY_CREATOR: 'ann' };
    const { sync, account, query, asked } = await openInProcess({ images: 0 }, env);
    for (let n = 0; n < 30; n += 1) account.upload({ id: `i${n}`, creator: 'ann' });
    await sync();
    for (let n = 0; n < 20; n += 1) account.patch(`i${n}`, { creator: 'bob' });
    account.delete('i25');
    asked();
    expect(await sync()).toMatchObject({ counts: { changed: 20, removed: 1 } });
    expect(asked().filter(isDetail).length).toBeLessThanOrEqual(21 + 5);
    expect(query('SELECT creator, count(*) AS n FROM images GROUP BY 1')).toEqual([
      { creator: 'ann', n: 9 },
      { creator: 'bob', n: 20 },
    ]);
  });

  test('of which one left the filter are all asked for: no sample would have met it for certain', async () => {
    const env = { ...FEW, IMAGE_INVENTORY_CREATOR: 'ann' };
    const { sync, account, query } = await openInProcess({ images: 0 }, env);
    for (let n = 0; n < 60; n += 1) account.upload({ id: `i${n}`, creator: 'ann' });
    await sync();
    for (let n = 0; n < 39; n += 1) account.delete(`i${n}`);
    account.patch('i39', { creator: 'bob' });
    expect(await sync()).toMatchObject({ counts: { changed: 1, removed: 39 } });
    expect(query("SELECT id FROM images WHERE creator = 'bob'")).toEqual([{ id: 'i39' }]);
  });

  test('are drafts now: gone, since a list would not show them', async () => {
    const { sync, account, query } = await openInProcess({ images: 3 });
    account.upload({ id: 'again' });
    await sync();
    account.delete('again');
    account.announce('again');
    expect(await sync()).toMatchObject({ counts: { removed: 1 } });
    expect(query('SELECT id FROM removed_images')).toEqual([{ id: 'again' }]);
  });

  test('and found alive are updated from their details', async () => {
    const { sync, account, emulator, seen, logged } = await openInProcess({ images: 40 });
    await sync();
    // Hidden from the list by a page that is empty for once, and patched meanwhile.
    const [, , third] = [0, 1, 2].map((page) => account.all().at(10 * page));
    if (third === undefined) throw new Error('no image');
    account.patch(third.id, { creator: 'new owner' });
    emulator.on('request', (_method, path) => {
      const [newest] = account.all();
      if (path.includes('page=3&') && newest && newest.id !== third.id) account.delete(newest.id);
    });
    await sync();
    expect(logged('image.changed')).toMatchObject([{ image_id: third.id }]);
    expect(seen().get(third.id)).toContain('new owner');
  });
});
