import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { Image } from '../../src/inventory/image.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { query } from '../support/inventory.ts';
import {
  END,
  FAILED,
  imageOf as image,
  openStore,
  openStoreWith,
  suspectsOf as gone,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { statements } from '../support/tamper.ts';

describe('an id that is listed twice', () => {
  test('is counted once, and the later answer wins', () => {
    const { begin, path } = openStoreWith([image('a', 'old'), image('b')]);
    const stage = begin();
    expect(stage.add(pageOf([image('a', 'first'), image('b'), image('new', 'first')]))).toBe(3);
    expect(stage.add(pageOf([image('a', 'second'), image('new', 'second')]))).toBe(0);
    expect(stage.publish(END)).toMatchObject({ listed: 3, added: 1, changed: 1, unchanged: 1 });
    expect(query(path, 'SELECT id, filename FROM images ORDER BY id')).toEqual([
      { id: 'a', filename: 'second' },
      { id: 'b', filename: null },
      { id: 'new', filename: 'second' },
    ]);
    expect(query(path, "SELECT diff FROM changes WHERE image_id = 'a'")).toEqual([
      { diff: '{"filename":["old","second"]}' },
    ]);
  });

  test('is no change when the later answer is what was stored', () => {
    const { begin, path } = openStoreWith([image('a', 'old')]);
    const stage = begin();
    stage.add(pageOf([image('a', 'other')]));
    stage.add(pageOf([image('a', 'old')]));
    expect(stage.publish(END)).toMatchObject({ changed: 0, unchanged: 1 });
    expect(query(path, 'SELECT * FROM changes')).toEqual([]);
  });

  test('of a removed image is restored once', () => {
    const { begin, path } = openStoreWith([image('a', 'old'), image('b')]);
    const removing = begin();
    removing.add(pageOf([image('b')]));
    removing.condemn('a');
    expect(removing.publish(END)).toMatchObject({ removed: 1 });
    const stage = begin();
    expect(stage.add(pageOf([image('a', 'x')]))).toBe(1);
    expect(stage.add(pageOf([image('a', 'y'), image('b')]))).toBe(1);
    expect(stage.publish(END)).toMatchObject({ listed: 2, restored: 1, unchanged: 1 });
    expect(query(path, "SELECT filename FROM images WHERE id = 'a'")).toEqual([{ filename: 'y' }]);
  });
});

describe('suspects', () => {
  test('are what was stored and not seen, without those that have a verdict', () => {
    const ids = Array.from({ length: 2500 }, (_, index) => `image/${index}`);
    const { begin } = openStoreWith(ids.map((id) => image(id)));
    const stage = begin();
    stage.add(pageOf(ids.slice(0, 1200).map((id) => image(id))));
    expect(gone(stage).sort()).toEqual(ids.slice(1200).sort());
    expect([...stage.suspects()].every((batch) => batch.length <= 1000)).toBe(true);
    stage.acquit(image('image/1200', 'changed'));
    stage.condemn('image/1201');
    expect(gone(stage)).toHaveLength(1298);
    expect(stage.publish(END)).toMatchObject({ listed: 1200, changed: 1, removed: 1 });
  });

  test('are only of the creators that the run is limited to', () => {
    const owned = (id: string, creator?: string): Image => decodeImage({ id, creator });
    const { begin } = openStoreWith([
      owned('a', 'ann'),
      owned('b', "b'ob"),
      owned('n'),
      owned('e', ''),
      owned('z', 'z\0y'),
    ]);
    for (const [creators, expected] of [
      [['ann'], ['a']],
      [['z\0y'], ['z']],
      [["b'ob"], ['b']],
      [[''], ['e', 'n']],
      [
        ['ann', ''],
        ['a', 'e', 'n'],
      ],
    ] as const) {
      const stage = begin({ creators });
      expect(stage.stored).toBe(expected.length);
      expect(gone(stage)).toEqual(expected);
      stage.abandon(END, FAILED);
    }
  });
});

describe('a page of the newest images', () => {
  test('stages those that readers do not know, and says how many they do', () => {
    const { begin, path } = openStoreWith([image('a', 'old'), image('b')]);
    const removing = begin();
    removing.add(pageOf([image('a', 'old')]));
    removing.condemn('b');
    removing.publish(END);
    const stage = begin({ mode: 'quick' });
    expect(
      stage.addNew(pageOf([image('new', 'first'), image('b', 'back')], { next: 'token' })),
    ).toBe(0);
    expect(stage.addNew(pageOf([image('a', 'changed'), image('new', 'second')]))).toBe(1);
    expect(existsSync(`${path}-scan`), 'pages are kept').toBe(false);
    expect(stage.addNew(pageOf([image('a', 'changed')]))).toBe(1);
    expect(stage.publish(END)).toEqual({
      ...{ listed: 3, added: 1, changed: 0, removed: 0, restored: 1, unchanged: 1 },
    });
    expect(query(path, 'SELECT id, filename FROM images ORDER BY id')).toEqual([
      { id: 'a', filename: 'old' },
      { id: 'b', filename: 'back' },
      { id: 'new', filename: 'second' },
    ]);
    expect(verifyInventory(path, undefined).checks.flatMap(({ findings }) => findings)).toEqual([]);
  });

  test('that is known whole stages nothing', () => {
    const { begin, path } = openStoreWith([image('a', 'old'), image('b')]);
    const stage = begin({ mode: 'quick' });
    expect(stage.addNew(pageOf([image('a', 'changed'), image('b')]))).toBe(2);
    expect(query(path, 'SELECT * FROM stages')).toEqual([]);
    expect(stage.publish(END)).toMatchObject({ listed: 2, unchanged: 2 });
    expect(query(path, 'SELECT content_hash FROM runs GROUP BY 1')).toHaveLength(1);
  });
});

describe('until it is published', () => {
  test('nothing of a stage can be seen, and nothing of an abandoned one is left', () => {
    const { begin, path } = openStoreWith([image('a', 'old')]);
    const stage = begin();
    stage.add(pageOf([image('a', 'new'), image('b'), image('c')]));
    const seen = (): unknown => query(path, 'SELECT id, filename FROM images');
    expect(seen()).toEqual([{ id: 'a', filename: 'old' }]);
    stage.abandon(END, FAILED);
    expect(seen()).toEqual([{ id: 'a', filename: 'old' }]);
    expect(query(path, 'SELECT id FROM stored_images')).toHaveLength(1);
    expect(query(path, 'SELECT * FROM staged_images')).toEqual([]);
  });

  test('what a run of the same process left that could not even say that it failed is cleared away, if so wished', () => {
    const { begin, path } = openStoreWith([image('a')]);
    const lost = begin();
    lost.add(pageOf([image('a', 'lost'), image('lost')]));
    statements(
      `CREATE TRIGGER full BEFORE DELETE ON stored_images BEGIN SELECT RAISE(ABORT, 'full'); END`,
    )(path);
    expect(() => lost.abandon(END, FAILED)).toThrow('full');
    statements('DROP TRIGGER full')(path);
    const stage = begin({ mayResume: false });
    stage.add(pageOf([image('a'), image('b')]));
    expect(stage.publish(END)).toMatchObject({ added: 1, changed: 0, unchanged: 1 });
    expect(query(path, 'SELECT id FROM images')).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(query(path, 'SELECT status FROM runs')).toEqual([
      { status: 'complete' },
      { status: 'interrupted' },
      { status: 'complete' },
    ]);
  });
});

test('a run is closed once: what comes later does not rewrite the ledger', () => {
  const { begin, path } = openStore();
  const stage = begin();
  stage.add(pageOf([image('a')]));
  stage.publish(END);
  expect(() => stage.abandon(END, FAILED)).toThrow('closed by somebody else');
  expect(query(path, 'SELECT status, added FROM runs')).toEqual([{ status: 'complete', added: 1 }]);
  expect(query(path, 'SELECT id FROM images')).toEqual([{ id: 'a' }]);
});

test('accounts in one file do not see each other', () => {
  const { begin, path } = openStoreWith([image('same', 'acc')]);
  const other = begin({ accountId: 'other' });
  expect(other.isBaseline).toBe(true);
  other.add(pageOf([image('same', 'other'), image('more')]));
  expect(gone(other)).toEqual([]);
  other.publish(END);
  const stage = begin();
  expect(stage.stored).toBe(1);
  expect(gone(stage)).toEqual(['same']);
  stage.condemn('same');
  stage.publish(END);
  expect(query(path, 'SELECT account_id, id, filename FROM images ORDER BY id')).toEqual([
    { account_id: 'other', id: 'more', filename: null },
    { account_id: 'other', id: 'same', filename: 'other' },
  ]);
});

test('an addition’s diff holds the whole image, a rehearsal leaves nothing of it', () => {
  const { begin, path } = openStoreWith([image('a')]);
  const told: unknown[] = [];
  const rehearsal = begin();
  rehearsal.add(pageOf([image('a'), image('b', 'b.png')]));
  expect(rehearsal.rehearse(END, (change) => told.push(change))).toMatchObject({ added: 1 });
  expect(told).toMatchObject([
    { imageId: 'b', kind: 'added', diff: '{"filename":[null,"b.png"]}' },
  ]);
  expect(query(path, 'SELECT * FROM changes')).toEqual([]);
  expect(query(path, 'SELECT id FROM stored_images')).toEqual([{ id: 'a' }]);
});
