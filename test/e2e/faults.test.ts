import { describe, expect, test } from 'vitest';
import type { FaultName } from '../../src/emulator/faults.ts';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

/** Faults that pass: a retry mends them. */
const PASSING: readonly FaultName[] = [
  'error-500',
  'error-200',
  'html-200',
  'html-403',
  'html-502',
  'html-520',
  'null-result',
  'images-object',
  'no-id',
  'success-string',
  'truncated',
  'empty-body',
  'reset',
  'reset-mid-body',
];

describe('a page is believed only when it proved to be one', () => {
  test.for(PASSING)('%s, once: tried again, and complete', async (name) => {
    const served = await serveAccount({ images: 35 });
    served.emulator.faults.add({ name, path: /page=2&/, times: 1 });
    const { code, log } = await served.sync([], { IMAGE_INVENTORY_PER_PAGE: '10' });
    expect(code).toBe(0);
    expect(log().find(({ event }) => event === 'request.retry')).toMatchObject({
      level: 'warn',
      attempt: 1,
    });
    expect(imagesAsApi(served.database, ACCOUNT)).toEqual(accountAsApi(served.account.all()));
    expect(query(served.database, 'SELECT retries FROM runs')).toEqual([{ retries: 1 }]);
  });

  test.for(PASSING)('%s, for ever: incomplete, and the old snapshot whole', async (name) => {
    const served = await serveAccount({ images: 35 });
    const env = { IMAGE_INVENTORY_PER_PAGE: '10', IMAGE_INVENTORY_MAX_RETRIES: '1' };
    await served.sync([], env);
    const before = imagesAsApi(served.database, ACCOUNT);
    served.emulator.faults.add({ name, path: /page=3&/ });
    for (const { id } of served.account.all().slice(0, 12)) served.account.delete(id);

    const { code, stderr } = await served.sync([], env);
    expect(code).toBe(3);
    // What was being done, what came back, and what to do next.
    expect(stderr).toMatch(/^image-inventory: page 3 of the list: .+\n {2}\S.+\n$/);
    expect(imagesAsApi(served.database, ACCOUNT)).toEqual(before);
    expect(query(served.database, 'SELECT status, removed FROM runs WHERE run_id = 2')).toEqual([
      { status: 'incomplete', removed: 0 },
    ]);
    const staged =
      'SELECT (SELECT count(*) FROM staged_images) + (SELECT count(*) FROM changes) AS n';
    expect(query(served.database, staged)).toEqual([{ n: 0 }]);
  });
});

test('the credentials follow no redirect', async () => {
  const served = await serveAccount();
  served.emulator.faults.add({ name: 'redirect', path: /images\/v1\?/ });
  const { code, stderr } = await served.sync();
  expect(code).toBe(3);
  expect(stderr).toContain('redirect');
});

test('a request that hangs is given up after its time', async () => {
  const served = await serveAccount({ images: 20 });
  served.emulator.faults.add({ name: 'hang', path: /page=1&/, times: 1 });
  const { code, log } = await served.sync([], { IMAGE_INVENTORY_TIMEOUT: '0.3' });
  expect(code).toBe(0);
  expect(log().find(({ event }) => event === 'request.retry')?.msg).toContain('within 0.3 s');
});

test('a list that is gone names the way out', async () => {
  const served = await serveAccount();
  served.emulator.faults.add({ name: 'gone', path: /page=/ });
  const { code, stderr } = await served.sync();
  expect(code).toBe(3);
  expect(stderr).toContain('410');
});

test('a run that takes too long for no reason of quota is incomplete: exit 3', async () => {
  const served = await serveAccount({ images: 20 });
  served.emulator.faults.add({ name: 'hang', path: /page=1&/ });
  const { code, stderr } = await served.sync([], { IMAGE_INVENTORY_DEADLINE: '0.7' });
  expect({ code, stderr }).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('0.7 s') as string,
  });
  expect(query(served.database, 'SELECT error_code FROM runs')).toEqual([
    { error_code: 'DEADLINE' },
  ]);
});

test('an image named like an address of the API is never asked for, and never removed', async () => {
  const served = await serveAccount({ images: 5 });
  served.account.upload({ id: 'keys' });
  await served.sync();
  served.account.delete('keys');
  const { code, stderr } = await served.sync();
  expect({ code, stderr }).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('image keys') as string,
  });
  expect(served.emulator.requests.filter((path) => path.includes('images/v1/keys'))).toEqual([]);
  expect(imagesAsApi(served.database, ACCOUNT).has('keys')).toBe(true);
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

describe('rate limits', () => {
  test.for<{ name: FaultName }>([{ name: 'throttled' }, { name: 'throttled-200' }])(
    '$name: waits, tells it, and completes',
    async ({ name }) => {
      const served = await serveAccount({ images: 20 });
      served.emulator.faults.add({ name, path: /page=1&/, times: 1 });
      const { code, log } = await served.sync([], { IMAGE_INVENTORY_MAX_RETRIES: '0' });
      expect(code).toBe(0);
      expect(log().find(({ event }) => event === 'sync.waiting')).toMatchObject({
        reason: 'throttled',
      });
    },
  );

  test('Retry-After is obeyed in full, by every request', async () => {
    const rateLimit = { requests: 3, intervalMs: 1000, blockMs: 1000 };
    const served = await serveAccount({ images: 95, rateLimit });
    const { code } = await served.sync([], {
      IMAGE_INVENTORY_PER_PAGE: '10',
      IMAGE_INVENTORY_CONCURRENCY: '1',
    });
    expect(code).toBe(0);
    expect(served.emulator.rateLimiter?.refused).toBeLessThanOrEqual(1);
    expect(imagesAsApi(served.database, ACCOUNT).size).toBe(95);
  });

  test('past the deadline: exit 7, at once when the wait is longer than what is left', async () => {
    const served = await serveAccount({
      rateLimit: { requests: 1, intervalMs: 3_600_000, blockMs: 3_600_000 },
    });
    const { code, stderr } = await served.sync([], { IMAGE_INVENTORY_DEADLINE: '20' });
    expect(code).toBe(7);
    expect(stderr).toMatch(/429|quota/);
    expect(query(served.database, 'SELECT status, error_code FROM runs')).toEqual([
      { status: 'incomplete', error_code: 'RATE_LIMITED' },
    ]);
  });
});

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
