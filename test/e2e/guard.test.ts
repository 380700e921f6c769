import { describe, expect, test } from 'vitest';
import { imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

describe('the guard', () => {
  const limits = {
    IMAGE_INVENTORY_REMOVAL_MAX_COUNT: '5',
    IMAGE_INVENTORY_REMOVAL_MAX_FRACTION: '0.1',
  };

  test('holds a run that would remove too much, until it is allowed', async () => {
    const served = await serveAccount({ images: 50 });
    await served.sync();
    for (const { id } of served.account.all().slice(0, 10)) served.account.delete(id);
    const before = imagesAsApi(served.database, ACCOUNT);

    const held = await served.sync([], limits);
    expect(held.code).toBe(4);
    expect(held.stderr).toContain('--allow-mass-removal');
    expect(held.log().at(-1)?.event).toBe('sync.held');
    expect(imagesAsApi(served.database, ACCOUNT)).toEqual(before);

    const allowed = await served.sync(['--allow-mass-removal'], limits);
    expect(allowed.code).toBe(0);
    expect(imagesAsApi(served.database, ACCOUNT).size).toBe(40);
  });

  test('lets pass what exceeds only one of its bounds', async () => {
    const served = await serveAccount({ images: 200 });
    await served.sync();
    for (const { id } of served.account.all().slice(0, 10)) served.account.delete(id);
    expect((await served.sync([], limits)).code).toBe(0);
  });

  test('always holds an account that suddenly lists nothing', async () => {
    const served = await serveAccount({ images: 3 });
    await served.sync();
    for (const { id } of served.account.all()) served.account.delete(id);
    const { code, stderr } = await served.sync();
    expect(code).toBe(4);
    expect(stderr).toContain('lists no images, but 3 stored images say otherwise');
    expect((await served.sync(['--allow-mass-removal'])).code).toBe(0);
    expect(query(served.database, 'SELECT count(*) AS n FROM removed_images')).toEqual([{ n: 3 }]);
  });
});

test('an image that the list skips is found alive by its id, and stays', async () => {
  const served = await serveAccount({ images: 40 });
  await served.sync([], { IMAGE_INVENTORY_PER_PAGE: '10' });
  const [newest] = served.account.all();
  // Deleted between two pages: everything older moves forward, and one image falls between them.
  served.emulator.on('request', (_method, path) => {
    if (path.includes('page=2&') && newest !== undefined) served.account.delete(newest.id);
  });
  const { code, log } = await served.sync([], {
    IMAGE_INVENTORY_PER_PAGE: '10',
    IMAGE_INVENTORY_CONCURRENCY: '1',
  });
  expect(code).toBe(0);
  const confirming = log().find(({ event }) => event === 'sync.confirming');
  expect(confirming).toMatchObject({ asked: 1, gone: 0 });
  expect(log().at(-1)).toMatchObject({ removed: 0, unchanged: 40 });
});

test('an image named like an address of the API is never asked for: two whole lists decide', async () => {
  const served = await serveAccount({ images: 5 });
  served.account.upload({ id: 'keys' });
  await served.sync();
  served.account.delete('keys');
  served.emulator.requests.length = 0;
  const { code, log } = await served.sync();
  expect(code).toBe(0);
  expect(log().find(({ event }) => event === 'sync.repeating')?.['reason']).toBe('suspects');
  expect(served.emulator.requests.filter((path) => path.includes('page=1&'))).toHaveLength(2);
  expect(served.emulator.requests.filter((path) => path.includes('images/v1/keys'))).toEqual([]);
  expect(imagesAsApi(served.database, ACCOUNT).has('keys')).toBe(false);
});

test('a refusal while suspects are asked for stops the asking', async () => {
  const served = await serveAccount({ images: 90 });
  await served.sync();
  for (const { id } of served.account.all().slice(0, 60)) served.account.delete(id);
  served.emulator.requests.length = 0;
  served.emulator.faults.add({ name: 'forbidden', path: /images\/v1\/(?!stats)/ });
  const { code } = await served.sync([], { IMAGE_INVENTORY_REMOVAL_MAX_FRACTION: '1' });
  expect(code).toBe(6);
  expect(served.emulator.requests.length).toBeLessThan(3 + 12);
});
