import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/inventory/failure.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import type { ListPage } from '../../src/sync/ports/pages.ts';
import { readNewest } from '../../src/sync/read-newest.ts';
import type { Reading } from '../../src/sync/read.ts';
import { accountAsApi } from '../support/inventory.ts';
import { openInProcess, type InProcess } from '../support/in-process.ts';
import { imageOf, openStoreWith } from '../support/opened-store.ts';
import { limitsOf } from '../support/open-source.ts';
import { pageOf } from '../support/page.ts';

const QUICK = { mode: 'quick' } as const;

/** Adds images to an account, the last one the newest. */
function upload({ account }: InProcess, count: number): void {
  for (let index = 0; index < count; index += 1) account.upload({ id: `new/${index}` });
}

/** What `verify` finds, which is nothing. */
function findings({ database }: InProcess): unknown {
  return verifyInventory(database, undefined).checks.flatMap((check) => check.findings);
}

/** What unpublished runs have left in the database. */
function leftovers({ query }: InProcess): unknown {
  return query(
    `SELECT (SELECT count(*) FROM stages) AS stages,
       (SELECT count(*) FROM stored_images) - (SELECT count(*) FROM images) AS unseen`,
  )[0];
}

describe('a quick run', () => {
  test.for([
    { uploads: 0, requests: 1, listed: 10, of: 'none: the first page is known whole' },
    { uploads: 1, requests: 2, listed: 20, of: 'one: the second page is known whole' },
    { uploads: 9, requests: 2, listed: 20, of: 'all but one of a page' },
    { uploads: 10, requests: 2, listed: 20, of: 'exactly a page' },
    { uploads: 11, requests: 3, listed: 30, of: 'a page and one' },
  ])('finds $uploads uploads in $requests requests, $of', async ({ uploads, requests, listed }) => {
    const world = await openInProcess({ images: 35 });
    await world.sync();
    upload(world, uploads);
    world.asked();
    expect(await world.sync(QUICK)).toMatchObject({
      failure: undefined,
      counts: { listed, added: uploads, changed: 0, removed: 0, unchanged: listed - uploads },
    });
    const asked = world.asked();
    expect(asked).toHaveLength(requests);
    for (const path of asked) expect(path).toMatch(/\/images\/v2\?sort_order=desc&per_page=10/);
    expect(world.seen()).toEqual(accountAsApi(world.account.all()));
    expect(findings(world)).toEqual([]);
  });

  test('reads to the end of a list that shows nothing but new images, and removes none', async () => {
    const world = await openInProcess({ images: 5 });
    await world.sync();
    const before = world.seen();
    for (const { id } of world.account.all()) world.account.delete(id);
    upload(world, 12);
    world.asked();
    expect(await world.sync(QUICK)).toMatchObject({ counts: { listed: 12, added: 12 } });
    expect(world.asked()).toHaveLength(2);
    expect(world.seen()).toEqual(new Map([...before, ...accountAsApi(world.account.all())]));
    expect(findings(world)).toEqual([]);
  });

  test('of an account that lists nothing adds nothing and removes nothing', async () => {
    const world = await openInProcess({ images: 5 });
    await world.sync();
    const before = world.seen();
    for (const { id } of world.account.all()) world.account.delete(id);
    expect(await world.sync(QUICK)).toMatchObject({ counts: { listed: 0, added: 0, removed: 0 } });
    expect(world.seen()).toEqual(before);
  });

  test.for([{}, { IMAGE_INVENTORY_CREATOR: 'ann' }])(
    'of an account without Images is refused: its list is empty, its statistics are not to be had',
    async (env) => {
      const world = await openInProcess(
        { images: 0 },
        { ...env, IMAGE_INVENTORY_MAX_RETRIES: '0' },
      );
      for (let index = 0; index < 5; index += 1) world.account.upload({ creator: 'ann' });
      await world.sync();
      const before = world.seen();
      world.account.isEnabled = false;
      expect(await world.sync(QUICK)).toMatchObject({ failure: { code: 'ACCESS_REFUSED' } });
      expect(world.seen()).toEqual(before);
    },
  );

  test('of an account that lists nothing does not depend on its statistics', async () => {
    const world = await openInProcess({ images: 5 }, { IMAGE_INVENTORY_MAX_RETRIES: '0' });
    await world.sync();
    for (const { id } of world.account.all()) world.account.delete(id);
    world.emulator.faults.add({ name: 'error-500', path: /stats/ });
    expect(await world.sync(QUICK)).toMatchObject({ counts: { listed: 0 } });
  });

  test('leaves changes and removals on the pages that it read for a full run', async () => {
    const world = await openInProcess({ images: 25 });
    await world.sync();
    const before = world.seen();
    const [newest, second] = world.account.all();
    world.account.patch(newest?.id ?? '', { creator: 'somebody else' });
    world.account.delete(second?.id ?? '');
    const added = world.account.upload({ id: 'new' });
    expect(await world.sync(QUICK)).toMatchObject({ counts: { added: 1, changed: 0, removed: 0 } });
    expect(world.seen()).toEqual(new Map([...before, ...accountAsApi(added ? [added] : [])]));
    expect(await world.sync()).toMatchObject({ counts: { added: 0, changed: 1, removed: 1 } });
    expect(world.seen()).toEqual(accountAsApi(world.account.all()));
    expect(findings(world)).toEqual([]);
  });

  test('restores an image that had been removed, and dates what it adds from itself', async () => {
    const world = await openInProcess({ images: 25 });
    world.account.upload({ id: 'boomerang', creator: 'ann' });
    await world.sync();
    world.account.delete('boomerang');
    await world.sync();
    world.account.upload({ id: 'boomerang', creator: 'bob' });
    world.account.upload({ id: 'new' });
    expect(await world.sync(QUICK)).toMatchObject({ counts: { added: 1, restored: 1 } });
    expect(
      world.query(
        `SELECT id, creator, first_seen_run, changed_run FROM images
         WHERE id IN ('boomerang', 'new') ORDER BY id`,
      ),
    ).toEqual([
      { id: 'boomerang', creator: 'bob', first_seen_run: 1, changed_run: 3 },
      { id: 'new', creator: null, first_seen_run: 3, changed_run: 3 },
    ]);
    expect(world.logged('image.restored')).toHaveLength(1);
    expect(findings(world)).toEqual([]);
  });

  test('adds what a full run removes, once it is gone', async () => {
    const world = await openInProcess({ images: 25 });
    await world.sync();
    world.account.upload({ id: 'brief' });
    await world.sync(QUICK);
    world.account.delete('brief');
    expect(await world.sync()).toMatchObject({ counts: { removed: 1 } });
    expect(world.seen()).toEqual(accountAsApi(world.account.all()));
    expect(findings(world)).toEqual([]);
  });

  test('goes on behind a page without images', async () => {
    const world = await openInProcess({ images: 25, quirks: { v2EmptyPages: true } });
    await world.sync();
    upload(world, 10);
    world.asked();
    expect(await world.sync(QUICK)).toMatchObject({ counts: { listed: 20, added: 10 } });
    expect(world.asked()).toHaveLength(3);
  });

  test('reads each creator’s list until it is known', async () => {
    const world = await openInProcess(
      { images: 0 },
      { IMAGE_INVENTORY_CREATOR: 'ann', IMAGE_INVENTORY_API: 'v2' },
    );
    for (let index = 0; index < 30; index += 1) world.account.upload({ creator: 'ann' });
    await world.sync();
    for (const creator of ['ann', 'bob']) world.account.upload({ id: `new/${creator}`, creator });
    world.asked();
    expect(await world.sync(QUICK)).toMatchObject({ counts: { listed: 20, added: 1 } });
    const asked = world.asked();
    expect(asked).toHaveLength(2);
    for (const path of asked) expect(path).toContain('&creator=ann');
    expect(findings(world)).toEqual([]);
  });
});

describe('a quick run that does not complete', () => {
  /** 15 uploads, of which a first page of 10 is shown before anything goes wrong. */
  async function withUploads(quirks = {}): Promise<InProcess> {
    const world = await openInProcess(
      { images: 25, quirks },
      { IMAGE_INVENTORY_MAX_RETRIES: '0', IMAGE_INVENTORY_API: 'v1' },
    );
    await world.sync();
    upload(world, 15);
    return world;
  }

  test('changes nothing, and keeps no pages for another run', async () => {
    const world = await withUploads();
    const before = world.seen();
    world.emulator.faults.add({ name: 'html-200', path: /continuation_token/ });
    expect(await world.sync(QUICK)).toMatchObject({ failure: { code: 'BAD_ANSWER' } });
    expect(world.seen()).toEqual(before);
    expect(leftovers(world)).toEqual({ stages: 0, unseen: 0 });
    expect(world.query('SELECT mode, api, status, listed, added FROM runs')[1]).toEqual({
      ...{ mode: 'quick', api: 'v2', status: 'incomplete', listed: 10, added: 0 },
    });
    expect(findings(world)).toEqual([]);
  });

  test('by a signal neither', async () => {
    const world = await withUploads();
    const before = world.seen();
    const stop = new AbortController();
    world.emulator.on('request', (_method, path) => {
      if (path.includes('continuation_token')) stop.abort(new Failure('STOPPED', 'stopped'));
    });
    expect(await world.sync(QUICK, stop.signal)).toMatchObject({ failure: { code: 'STOPPED' } });
    expect(world.seen()).toEqual(before);
    expect(leftovers(world)).toEqual({ stages: 0, unseen: 0 });
    expect(existsSync(`${world.database}-scan`)).toBe(false);
    expect(world.query('SELECT status FROM runs')[1]).toEqual({ status: 'interrupted' });
    expect(await world.sync(QUICK)).toMatchObject({ counts: { added: 15 } });
  });

  test('because its list leads in a circle neither', async () => {
    const world = await withUploads({ v2RepeatToken: true });
    const before = world.seen();
    expect(await world.sync(QUICK)).toMatchObject({ failure: { code: 'LIST_REPEATS' } });
    expect(world.seen()).toEqual(before);
  });

  test('stops at a server that shows one page for ever, whatever its tokens', async () => {
    let asked = 0;
    async function* list(): AsyncGenerator<ListPage> {
      for (;;) {
        asked += 1;
        yield await Promise.resolve(pageOf([imageOf('known'), imageOf('new')], { number: asked }));
      }
    }
    const stage = openStoreWith([imageOf('known')]).begin(QUICK);
    const source = { newest: () => [list()] } as unknown as Reading['source'];
    const ports = { source, stage, limits: limitsOf(), emit: () => undefined };
    const rest = { creators: undefined, random: () => 0, expected: undefined };
    const removal = { maxFraction: 0, maxCount: 0, confirmRequests: 0, allowMassRemoval: false };
    const reading = readNewest({ ...ports, ...QUICK, ...rest, removal });
    await expect(reading).rejects.toMatchObject({ code: 'LIST_REPEATS' });
    expect(asked).toBe(4);
  });
});

describe('quick runs and full runs', () => {
  test('the first of an account is a full one, and says so', async () => {
    const world = await openInProcess({ images: 25 });
    await world.sync({ mode: 'dry-run' });
    expect(await world.sync(QUICK)).toMatchObject({ mode: 'full', counts: { added: 25 } });
    expect(world.logged('sync.promoted')).toHaveLength(1);
    expect(world.logged('sync.started').at(-1)).toMatchObject({ mode: 'full' });
    expect(world.query('SELECT mode, api FROM runs')).toEqual([
      { mode: 'dry-run', api: 'v1' },
      { mode: 'full', api: 'v1' },
    ]);
    await world.sync(QUICK);
    expect(world.logged('sync.promoted')).toHaveLength(1);
    expect(world.logged('sync.finished').at(-1)).toMatchObject({ mode: 'quick', baseline: false });
  });

  test('what a full run proved of the statistics, the next one still knows', async () => {
    const world = await openInProcess({ images: 25, quirks: { statsShift: 4 } });
    await world.sync();
    expect(world.logged('sync.repeating')).toHaveLength(1);
    upload(world, 3);
    await world.sync(QUICK);
    expect(world.query('SELECT expected FROM runs')).toEqual([
      { expected: 29 },
      { expected: null },
    ]);
    expect(await world.sync()).toMatchObject({ counts: { listed: 28, unchanged: 28 } });
    expect(world.logged('sync.repeating')).toHaveLength(1);
  });

  test.for(['v1', 'v2'])('a quick run drops what an interrupted %s run left', async (api) => {
    const world = await openInProcess({ images: 45 }, { IMAGE_INVENTORY_API: api });
    await world.sync();
    upload(world, 1);
    const stop = new AbortController();
    let requests = 0;
    const count = (): void => {
      requests += 1;
      if (requests === 4) stop.abort(new Failure('STOPPED', 'stopped'));
    };
    world.emulator.on('request', count);
    await world.sync({}, stop.signal);
    world.emulator.off('request', count);
    expect(existsSync(`${world.database}-scan`)).toBe(true);
    expect(await world.sync(QUICK)).toMatchObject({ counts: { added: 1, listed: 20 } });
    expect(existsSync(`${world.database}-scan`)).toBe(false);
    await world.sync();
    expect(world.query('SELECT mode, status, resumed_run FROM runs').slice(1)).toEqual([
      { mode: 'full', status: 'interrupted', resumed_run: null },
      { mode: 'quick', status: 'complete', resumed_run: null },
      { mode: 'full', status: 'complete', resumed_run: null },
    ]);
    expect(findings(world)).toEqual([]);
  });
});
