import { describe, expect, test } from 'vitest';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT, type LogLine } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

const CHANGES =
  'SELECT image_id, kind, diff FROM changes WHERE run_id = (SELECT max(run_id) FROM runs)';
const imageLines = (log: readonly LogLine[]): LogLine[] =>
  log.filter(({ event }) => event.startsWith('image.'));

describe('the second run', () => {
  test('tells additions, changes and removals apart, in the tables and in the log', async () => {
    const served = await serveAccount({ images: 50 });
    const { account, database } = served;
    account.upload({ id: 'stays/put', filename: 'a.png', creator: 'ann', meta: { b: 1, a: 2 } });
    const victim = account.upload({ id: 'goes/away', filename: 'b.png', meta: { n: 1 } });
    await served.sync();

    account.upload({ id: 'comes/new', filename: 'c.png' });
    account.patch('stays/put', { creator: 'bob', meta: { a: 2, b: 3 } });
    account.delete('goes/away');
    const { code, log } = await served.sync();

    expect(code).toBe(0);
    expect(imagesAsApi(database, ACCOUNT)).toEqual(accountAsApi(account.all()));
    const changes = new Map(query(database, CHANGES).map((row) => [row['image_id'], row]));
    expect(changes.size).toBe(3);
    expect(changes.get('comes/new')).toMatchObject({ kind: 'added' });
    expect(changes.get('stays/put')).toMatchObject({
      kind: 'changed',
      diff: '{"creator":["ann","bob"],"meta":[{"b":1,"a":2},{"a":2,"b":3}]}',
    });
    expect(changes.get('goes/away')).toMatchObject({ kind: 'removed' });
    expect(JSON.parse(String(changes.get('goes/away')?.['diff']))).toMatchObject({
      filename: ['b.png', null],
      meta: [{ n: 1 }, null],
      uploaded: [victim?.['uploaded'], null],
    });
    expect(query(database, 'SELECT id, filename, removed_run FROM removed_images')).toEqual([
      { id: 'goes/away', filename: 'b.png', removed_run: 2 },
    ]);

    const lines = new Map(imageLines(log()).map((line) => [line['image_id'], line]));
    expect(lines.get('comes/new')?.event).toBe('image.added');
    expect(lines.get('goes/away')?.event).toBe('image.removed');
    expect(lines.get('stays/put')).toMatchObject({
      event: 'image.changed',
      run_id: 2,
      account_id: ACCOUNT,
      changes: { creator: { before: 'ann', after: 'bob' } },
    });
    expect(log().at(-1)).toMatchObject({
      event: 'sync.finished',
      ...{ listed: 52, added: 1, changed: 1, removed: 1, restored: 0, unchanged: 50 },
    });
    expect(
      query(database, 'SELECT added, changed, removed, unchanged FROM runs WHERE run_id = 2'),
    ).toEqual([{ added: 1, changed: 1, removed: 1, unchanged: 50 }]);
  });

  test('an image that comes back is restored, with its first run and what differs', async () => {
    const served = await serveAccount({ images: 20 });
    const { account, database } = served;
    account.upload({ id: 'boomerang', filename: 'x.png', creator: 'ann' });
    await served.sync();
    account.delete('boomerang');
    await served.sync();
    expect(query(database, 'SELECT id FROM images WHERE id = ?', 'boomerang')).toEqual([]);

    account.upload({ id: 'boomerang', filename: 'x.png', creator: 'bob' });
    const { log } = await served.sync();

    expect(imageLines(log())).toMatchObject([{ event: 'image.restored', image_id: 'boomerang' }]);
    const [change] = query(database, CHANGES);
    expect(change).toMatchObject({ image_id: 'boomerang', kind: 'restored' });
    expect(JSON.parse(String(change?.['diff']))).toMatchObject({ creator: ['ann', 'bob'] });
    expect(
      query(database, 'SELECT first_seen_run, changed_run FROM images WHERE id = ?', 'boomerang'),
    ).toEqual([{ first_seen_run: 1, changed_run: 3 }]);
    expect(query(database, 'SELECT count(*) AS n FROM removed_images')).toEqual([{ n: 0 }]);
  });

  test('a new flag for signed URLs gives an image a new id: one removal and one addition', async () => {
    const served = await serveAccount({ images: 10 });
    served.account.upload({ id: 'private', filename: 'p.png', requireSignedURLs: false });
    await served.sync();
    const patched = served.account.patch('private', { requireSignedURLs: true });
    await served.sync();
    expect(query(served.database, `${CHANGES} ORDER BY kind`)).toMatchObject([
      { kind: 'added', image_id: patched?.id },
      { kind: 'removed', image_id: 'private' },
    ]);
  });

  test('key order, and the order of variants, are no change', async () => {
    const served = await serveAccount({ images: 10 });
    const image = {
      id: 'same',
      filename: 'a',
      meta: { a: 1, b: { c: 2, d: 3 } },
      variants: ['x/1', 'x/2'],
    };
    served.account.upload({ id: 'same' });
    served.account.replace('same', image);
    await served.sync();
    const [before] = query(served.database, "SELECT * FROM images WHERE id = 'same'");
    const reordered = {
      variants: ['x/2', 'x/1'],
      meta: { b: { d: 3, c: 2 }, a: 1 },
      id: 'same',
      filename: 'a',
    };
    served.account.replace('same', reordered);
    const { log } = await served.sync();
    expect(log().at(-1)).toMatchObject({ event: 'sync.finished', changed: 0, unchanged: 11 });
    expect(query(served.database, "SELECT * FROM images WHERE id = 'same'")).toEqual([before]);
  });
});

test('a dry run shows all of it and changes nothing but the ledger', async () => {
  const served = await serveAccount({ images: 30 });
  await served.sync();
  const dump = (): unknown[] =>
    ['images', 'removed_images', 'changes', 'stored_images', 'staged_images', 'accounts'].map(
      (table) => query(served.database, `SELECT * FROM ${table}`),
    );
  const before = dump();
  const [first, second] = served.account.all();
  served.account.upload({ id: 'new' });
  served.account.patch(first?.id ?? '', { creator: 'somebody else' });
  served.account.delete(second?.id ?? '');

  const { code, log } = await served.sync(['--dry-run']);
  expect(code).toBe(0);
  expect(imageLines(log()).map(({ event, dry_run }) => ({ event, dry_run }))).toEqual([
    { event: 'image.added', dry_run: true },
    { event: 'image.changed', dry_run: true },
    { event: 'image.removed', dry_run: true },
  ]);
  expect(dump()).toEqual(before);
  expect(query(served.database, 'SELECT mode, status, added FROM runs WHERE run_id = 2')).toEqual([
    { mode: 'dry-run', status: 'complete', added: 1 },
  ]);

  const real = await served.sync();
  expect(imageLines(real.log())).toHaveLength(3);
});

test('more changes than are to be logged are counted in one line', async () => {
  const served = await serveAccount({ images: 10 });
  await served.sync();
  for (let index = 0; index < 25; index += 1) served.account.upload();
  const { log } = await served.sync([], { IMAGE_INVENTORY_LOG_CHANGES: '5' });
  expect(imageLines(log())).toHaveLength(5);
  expect(log().find(({ event }) => event === 'sync.unlogged')).toMatchObject({ count: 20 });
  expect(query(served.database, 'SELECT count(*) AS n FROM changes')).toEqual([{ n: 25 }]);
});
