import { describe, expect, test } from 'vitest';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import type { Emulator } from '../../src/emulator/server.ts';
import { Failure } from '../../src/inventory/failure.ts';
import { MOST_STALE_PAGES } from '../../src/sync/scan.ts';
import { accountAsApi } from '../support/inventory.ts';
import { openInProcess } from '../support/in-process.ts';

const isPage = (path: string): boolean => /images\/v[12]\?/.test(path);
const isStats = (path: string): boolean => path.endsWith('/stats');

describe('a list that is shorter than the account states', () => {
  test('is read once more, then published with a warning; the next time that is known', async () => {
    const { sync, asked, logged, query, seen, account } = await openInProcess({
      images: 25,
      quirks: { statsShift: 4 },
    });
    expect((await sync()).failure).toBeUndefined();
    const first = asked();
    // Each end is asked for twice, since the list is shorter than stated.
    expect(first.filter(isPage)).toHaveLength(2 * (3 + 2));
    expect(first.filter(isStats)).toHaveLength(2);
    expect(logged('sync.repeating')).toMatchObject([{ reason: 'short', listed: 25, expected: 29 }]);
    expect(logged('sync.mismatch')).toMatchObject([{ listed: 25, expected: 29, level: 'warn' }]);
    expect(query('SELECT status, listed, expected FROM runs')).toEqual([
      { status: 'complete', listed: 25, expected: 29 },
    ]);

    expect((await sync()).failure).toBeUndefined();
    expect(asked().filter(isPage)).toHaveLength(3 + 2);
    expect(logged('sync.repeating')).toHaveLength(1);
    expect(logged('sync.mismatch')).toHaveLength(2);
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('is read once more as well when stored images are missing from it', async () => {
    const { sync, account, logged, seen } = await openInProcess({
      images: 25,
      quirks: { statsShift: 4 },
    });
    await sync();
    const [newest] = account.all();
    account.delete(newest?.id ?? '');
    expect(await sync()).toMatchObject({ counts: { removed: 1 } });
    expect(logged('sync.repeating')).toHaveLength(2);
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('is not read again when the account has shrunk meanwhile', async () => {
    const { sync, account, emulator, asked, logged } = await openInProcess({ images: 25 });
    await sync();
    asked();
    emulator.once('request', () => {
      // Behind the answer to the first question: the account is smaller when the list is read.
      emulator.once('request', () => account.delete(account.all().at(-1)?.id ?? ''));
    });
    expect(await sync()).toMatchObject({ counts: { removed: 1 } });
    expect(logged('sync.repeating')).toEqual([]);
    expect(asked().filter(isStats)).toHaveLength(2);
  });

  test('that lost images to a fault is made whole by the second reading', async () => {
    const { sync, emulator, seen, account } = await openInProcess(
      { images: 45 },
      { IMAGE_INVENTORY_CONCURRENCY: '1' },
    );
    // Twice, because an end that is too early is doubted once at once.
    emulator.faults.add({ name: 'empty-list', path: /page=3&/, times: 2 });
    expect(await sync()).toMatchObject({ failure: undefined, counts: { added: 45 } });
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('is still short when the statistics do not answer any more', async () => {
    const { sync, emulator, logged, seen } = await openInProcess({ images: 45 });
    answerOnce(emulator);
    emulator.faults.add({ name: 'empty-list', path: /page=[3-9]&/ });
    expect((await sync()).failure).toBeUndefined();
    expect(logged('sync.repeating')).toMatchObject([{ reason: 'short', listed: 20, expected: 45 }]);
    expect(logged('sync.mismatch')).toHaveLength(1);
    expect(seen().size).toBe(20);
  });

  test('and empty is held, also when the statistics do not answer any more', async () => {
    const { sync, emulator, seen } = await openInProcess({ images: 45 });
    answerOnce(emulator);
    emulator.faults.add({ name: 'empty-list', path: /page=/ });
    const { failure } = await sync({ allowMassRemoval: false });
    expect(failure).toMatchObject({ code: 'HELD' });
    expect(seen().size).toBe(0);
  });

  test('is no longer short when images came: one that is longer than stated is never read again', async () => {
    const { sync, logged } = await openInProcess({ images: 25, quirks: { statsShift: -3 } });
    expect((await sync()).failure).toBeUndefined();
    expect(logged('sync.repeating')).toEqual([]);
    expect(logged('sync.mismatch')).toHaveLength(1);
  });
});

describe('a first list that repeats itself', () => {
  test('is given up after a few pages, however many images the account states', async () => {
    const { sync, asked, logged, query } = await openInProcess(
      { images: 25, quirks: { ignorePage: true, statsShift: 1_000_000 } },
      { IMAGE_INVENTORY_CONCURRENCY: '1' },
    );
    expect(await sync()).toMatchObject({ failure: { code: 'LIST_REPEATS' } });
    expect(asked().filter(isPage).length).toBeLessThanOrEqual(1 + MOST_STALE_PAGES + 1);
    expect(logged('sync.page').map(({ listed }) => listed)).toEqual([10, 10, 10]);
    expect(query('SELECT listed, status FROM runs')).toEqual([
      { listed: 10, status: 'incomplete' },
    ]);
    expect(query('SELECT * FROM stored_images')).toEqual([]);
  });

  test('is given up as well when no two of its pages are the same to the byte', async () => {
    const { sync, account, emulator, logged, query } = await openInProcess(
      { images: 25, quirks: { ignorePage: true, statsShift: 75 } },
      { IMAGE_INVENTORY_CONCURRENCY: '1' },
    );
    let changes = 0;
    emulator.on('request', () => {
      const id = newest(account);
      account.replace(id, { id, meta: { changes: (changes += 1) } });
    });
    expect(await sync()).toMatchObject({ failure: { code: 'LIST_REPEATS' } });
    // What may be there twice is looked for where more is listed than stated.
    expect(logged('sync.page')).toHaveLength(12);
    expect(query('SELECT listed, status FROM runs')).toEqual([
      { listed: 10, status: 'incomplete' },
    ]);
  });
});

describe('a run behind an interrupted one', () => {
  /** Stops the first run when it asks for page 4. */
  async function openInterrupted(env = {}) {
    const opened = await openInProcess(
      { images: 65 },
      { IMAGE_INVENTORY_CONCURRENCY: '1', ...env },
    );
    const stop = new AbortController();
    let pages = 0;
    opened.emulator.on('request', (_method, path) => {
      if (isPage(path) && (pages += 1) === 4) stop.abort(new Failure('STOPPED', 'stopped'));
    });
    await opened.sync({}, stop.signal);
    opened.asked();
    return opened;
  }

  test.for(['v1', 'v2'])('reads only what is left of the %s list', async (version) => {
    const { sync, asked, seen, account, query, logged } = await openInterrupted({
      IMAGE_INVENTORY_API: version,
    });
    expect(await sync()).toMatchObject({ counts: { listed: 65, added: 65 } });
    expect(asked().filter(isPage)).toHaveLength(version === 'v1' ? 4 + 1 : 4);
    expect(seen()).toEqual(accountAsApi(account.all()));
    expect(query('SELECT resumed_run, status FROM runs')).toEqual([
      { resumed_run: null, status: 'interrupted' },
      { resumed_run: 1, status: 'complete' },
    ]);
    expect(logged('sync.started').at(-1)).toMatchObject({
      ...{ resumed_run: 1, pages_read: 3 },
      requests_planned: version === 'v1' ? 1 + 4 + 1 : 1 + 4,
    });
  });

  test.for([
    [
      'an image of a page that was read is gone',
      (account: EmulatedAccount) => account.delete(newest(account)),
    ],
    ['an image was uploaded', (account: EmulatedAccount) => account.upload({ id: 'new' })],
  ] as const)('reads anew when %s', async ([, change]) => {
    const { sync, asked, seen, account, logged } = await openInterrupted();
    change(account);
    expect(await sync()).toMatchObject({ failure: undefined });
    expect(asked().filter(isPage)).toHaveLength(7 + 1);
    expect(logged('sync.repeating')).toMatchObject([{ reason: 'moved' }]);
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('reads anew when what is left does not add up to what is stated', async () => {
    const { sync, seen, account, emulator, logged } = await openInterrupted();
    const victim = newest(account);
    // Behind the question how many there are, so that only the sum can tell.
    emulator.once('request', () => emulator.once('request', () => account.delete(victim)));
    expect(await sync()).toMatchObject({ failure: undefined });
    expect(logged('sync.repeating')).toMatchObject([{ reason: 'moved' }]);
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('reads anew when the list does not know the place any more', async () => {
    const { sync, seen, account, emulator, query } = await openInterrupted({
      IMAGE_INVENTORY_API: 'v2',
    });
    emulator.faults.add({ name: 'bad-filter', path: /continuation_token/, times: 1 });
    expect(await sync()).toMatchObject({ failure: undefined, counts: { added: 65 } });
    expect(query('SELECT resumed_run FROM runs WHERE run_id = 2')).toEqual([{ resumed_run: null }]);
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('reads anew when an image is there that the list should have shown', async () => {
    const { sync, seen, account, emulator, logged } = await openInProcess(
      { images: 65, quirks: { listOrder: 'oldest' } },
      { IMAGE_INVENTORY_CONCURRENCY: '1' },
    );
    await sync();
    const stop = new AbortController();
    let pages = 0;
    const stopper = (_method: string, path: string): void => {
      if (isPage(path) && (pages += 1) === 4) stop.abort(new Failure('STOPPED', 'stopped'));
    };
    emulator.on('request', stopper);
    await sync({}, stop.signal);
    emulator.off('request', stopper);
    // As many images as before, but those behind the deleted one have moved onto pages that were read.
    account.delete(account.all().at(-1)?.id ?? '');
    account.upload({ id: 'new' });
    expect(await sync()).toMatchObject({ counts: { added: 1, removed: 1, listed: 65 } });
    expect(logged('sync.repeating').at(-1)).toMatchObject({ reason: 'moved' });
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('that is stopped itself leaves what both have read', async () => {
    const { sync, asked, account, emulator, seen, logged } = await openInterrupted();
    const stop = new AbortController();
    let pages = 0;
    emulator.on('request', (_method, path) => {
      if (isPage(path) && (pages += 1) === 3) stop.abort(new Failure('STOPPED', 'stopped'));
    });
    expect(await sync({}, stop.signal)).toMatchObject({ failure: { code: 'STOPPED' } });
    asked();
    expect(await sync()).toMatchObject({ counts: { listed: 65 } });
    expect(asked().filter(isPage)).toHaveLength(2 + 1);
    expect(logged('sync.repeating')).toEqual([]);
    expect(logged('sync.started').at(-1)).toMatchObject({ resumed_run: 2, pages_read: 5 });
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('that fails for another reason leaves nothing', async () => {
    const { sync, asked, account, emulator, seen, query } = await openInterrupted({
      IMAGE_INVENTORY_MAX_RETRIES: '0',
    });
    emulator.faults.add({ name: 'forbidden', path: /page=5&/, times: 1 });
    expect(await sync()).toMatchObject({ failure: { code: 'ACCESS_REFUSED' } });
    expect(query('SELECT * FROM stages')).toEqual([]);
    asked();
    expect(await sync()).toMatchObject({ counts: { listed: 65 } });
    expect(asked().filter(isPage)).toHaveLength(7 + 1);
    expect(query('SELECT resumed_run FROM runs WHERE run_id = 3')).toEqual([{ resumed_run: null }]);
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test.for([
    { gone: 3, repeats: [] },
    { gone: 4, repeats: [{ reason: 'moved' }, { reason: 'suspects' }] },
  ])('asks for $gone missing images if they are few', async ({ gone, repeats }) => {
    const { sync, account, emulator, logged, seen } = await openInProcess(
      { images: 65 },
      { IMAGE_INVENTORY_CONCURRENCY: '1', IMAGE_INVENTORY_REMOVAL_CONFIRM_REQUESTS: '3' },
    );
    await sync();
    for (const { id } of account.all().slice(-gone)) account.delete(id);
    const stop = new AbortController();
    let pages = 0;
    const stopper = (_method: string, path: string): void => {
      if (isPage(path) && (pages += 1) === 4) stop.abort(new Failure('STOPPED', 'stopped'));
    };
    emulator.on('request', stopper);
    await sync({}, stop.signal);
    emulator.off('request', stopper);
    expect(await sync()).toMatchObject({ counts: { removed: gone } });
    expect(logged('sync.repeating')).toMatchObject(repeats);
    expect(seen()).toEqual(accountAsApi(account.all()));
  });

  test('that is throttled for good stays incomplete, and changes nothing', async () => {
    const { sync, seen, emulator } = await openInterrupted({ IMAGE_INVENTORY_DEADLINE: '0.5' });
    emulator.faults.add({ name: 'throttled', path: /page=/ });
    expect(await sync()).toMatchObject({ failure: { code: 'RATE_LIMITED' } });
    expect(seen().size).toBe(0);
  });
});

/** The statistics answer the first question, and none after it. */
function answerOnce(emulator: Emulator): void {
  emulator.once('request', () => {
    emulator.once('request', () => emulator.faults.add({ name: 'no-route', path: /stats/ }));
  });
}

function newest(account: EmulatedAccount): string {
  const [image] = account.all();
  if (image === undefined) throw new Error('no image');
  return image.id;
}
