import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { Image } from '../../src/inventory/image.ts';
import { openForWriting } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import type { RunEnd, Stage, Store } from '../../src/sync/ports.ts';
import { temporaryFolder } from '../support/folder.ts';
import { query } from '../support/inventory.ts';
import { pageOf } from '../support/page.ts';

const END: RunEnd = { requests: 1, retries: 0, finishedAt: 1000, expected: undefined };
const FAILED = { status: 'failed', code: 'UNEXPECTED', message: 'no' } as const;

const image = (id: string, filename?: string): Image => decodeImage({ id, filename });
const gone = (stage: Stage): string[] => [...stage.suspects()].flat();

interface Opened {
  readonly store: Store;
  readonly path: string;
  readonly begin: (accountId?: string, creators?: readonly string[], mayResume?: boolean) => Stage;
}

function open(path = join(temporaryFolder(), 'inventory.db')): Opened & { close: () => void } {
  const database = openForWriting(path, '2026-01-01T00:00:00.000Z');
  const store = createStore(database, 0);
  const close = (): void => {
    store.close();
    database.close();
  };
  onTestFinished(close);
  const begin: Opened['begin'] = (accountId = 'acc', creators, mayResume = true) =>
    store.begin({
      accountId,
      creators,
      mode: 'full',
      api: 'v1',
      startedAt: 0,
      toolVersion: 'test',
      scope: '',
      mayResume,
    });
  return { store, path, begin, close };
}

function openWith(images: readonly Image[]): Opened {
  const opened = open();
  const stage = opened.begin();
  stage.add(pageOf(images));
  stage.publish(END);
  return opened;
}

describe('an id that is listed twice', () => {
  test('is counted once, and the later answer wins', () => {
    const { begin, path } = openWith([image('a', 'old'), image('b')]);
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
    const { begin, path } = openWith([image('a', 'old')]);
    const stage = begin();
    stage.add(pageOf([image('a', 'other')]));
    stage.add(pageOf([image('a', 'old')]));
    expect(stage.publish(END)).toMatchObject({ changed: 0, unchanged: 1 });
    expect(query(path, 'SELECT * FROM changes')).toEqual([]);
  });

  test('of a removed image is restored once', () => {
    const { begin, path } = openWith([image('a', 'old'), image('b')]);
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
    const { begin } = openWith(ids.map((id) => image(id)));
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
    const { begin } = openWith([owned('a', 'ann'), owned('b', "b'ob"), owned('n'), owned('e', '')]);
    for (const [creators, expected] of [
      [['ann'], ['a']],
      [["b'ob"], ['b']],
      [[''], ['e', 'n']],
      [
        ['ann', ''],
        ['a', 'e', 'n'],
      ],
    ] as const) {
      const stage = begin('acc', creators);
      expect(stage.stored).toBe(expected.length);
      expect(gone(stage)).toEqual(expected);
      stage.abandon(END, FAILED);
    }
  });
});

describe('until it is published', () => {
  test('nothing of a stage can be seen, and nothing of an abandoned one is left', () => {
    const { begin, path } = openWith([image('a', 'old')]);
    const stage = begin();
    stage.add(pageOf([image('a', 'new'), image('b'), image('c')]));
    const seen = (): unknown => query(path, 'SELECT id, filename FROM images');
    expect(seen()).toEqual([{ id: 'a', filename: 'old' }]);
    stage.abandon(END, FAILED);
    expect(seen()).toEqual([{ id: 'a', filename: 'old' }]);
    expect(query(path, 'SELECT id FROM stored_images')).toHaveLength(1);
    expect(query(path, 'SELECT * FROM staged_images')).toEqual([]);
  });

  test('what a dead process left without any page is cleared away when the next one opens', () => {
    const first = open();
    first.begin().add(pageOf([image('a'), image('b')]));
    first.close();
    const second = open(first.path);
    expect(query(second.path, 'SELECT status FROM runs')).toEqual([{ status: 'interrupted' }]);
    expect(query(second.path, 'SELECT id FROM stored_images')).toEqual([]);
    const stage = second.begin();
    expect(stage.isBaseline).toBe(true);
    stage.add(pageOf([image('b')]));
    expect(stage.publish(END)).toMatchObject({ added: 1 });
  });

  test('so is what a run of the same process left that could not even say that it failed', () => {
    const { begin, path } = openWith([image('a')]);
    begin().add(pageOf([image('a', 'lost'), image('lost')]));
    const stage = begin('acc', undefined, false);
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
  const { begin, path } = open();
  const stage = begin();
  stage.add(pageOf([image('a')]));
  stage.publish(END);
  expect(() => stage.abandon(END, FAILED)).toThrow('closed by somebody else');
  expect(query(path, 'SELECT status, added FROM runs')).toEqual([{ status: 'complete', added: 1 }]);
  expect(query(path, 'SELECT id FROM images')).toEqual([{ id: 'a' }]);
});

test('accounts in one file do not see each other', () => {
  const { begin, path } = openWith([image('same', 'acc')]);
  const other = begin('other');
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
  const { begin, path } = openWith([image('a')]);
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
