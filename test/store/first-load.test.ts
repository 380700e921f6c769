import { existsSync, rmSync } from 'node:fs';
import type Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { Image } from '../../src/inventory/image.ts';
import { openForWriting } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import type { Stage } from '../../src/sync/ports/stage.ts';
import { query } from '../support/inventory.ts';
import {
  END,
  FAILED,
  imageOf as image,
  openStore,
  openStoreWith,
  STOPPED,
  type OpenedStore,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { statements } from '../support/tamper.ts';

const MINUTE = 60_000;
const INDEXES = ['images_by_creator', 'images_by_id', 'images_by_upload'];

function indexesOf(path: string): unknown {
  return query(
    path,
    "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'images_by_%' ORDER BY name",
  ).map(({ name }) => name);
}

function findingsOf(path: string): readonly unknown[] {
  return verifyInventory(path, undefined).checks.flatMap(({ findings }) => findings);
}

/** What readers see, the ids and file names of an account. */
function seen(path: string, account = 'acc'): unknown {
  return query(path, 'SELECT id, filename FROM images WHERE account_id = ? ORDER BY id', account)
    .map(({ id, filename }) => `${String(id)}=${String(filename)}`)
    .join(' ');
}

/** A first inventory under way: so much is stated of it. */
function begun(
  opened: OpenedStore,
  stated: { readonly expected?: number } = { expected: 100 },
): Stage {
  const stage = opened.begin();
  stage.expect(stated.expected);
  return stage;
}

const names = (...list: readonly string[]): Image[] =>
  list.map((name) => {
    const [id = '', filename] = name.split('=');
    return image(id, filename);
  });

describe('the first inventory of an empty file', () => {
  test('is written without indexes, which are there as soon as it can be read', () => {
    const opened = openStore();
    const stage = begun(opened);
    stage.add(pageOf(names('a', 'b')));
    expect(indexesOf(opened.path)).toEqual([]);
    expect(seen(opened.path)).toBe('');
    stage.publish(END);
    expect(indexesOf(opened.path)).toEqual(INDEXES);
    expect(findingsOf(opened.path)).toEqual([]);
  });

  test.for([
    ['nothing is stated', {}],
    ['less is stated than is listed', { expected: 1 }],
    ['nothing should be there', { expected: 0 }],
  ] as const)('has them before its first page if %s', ([, stated]) => {
    const opened = openStore();
    const stage = begun(opened, stated);
    stage.add(pageOf(names('a', 'b')));
    expect(indexesOf(opened.path)).toEqual(INDEXES);
    expect(stage.add(pageOf(names('b', 'c')))).toBe(1);
    expect(stage.publish(END)).toMatchObject({ listed: 3, added: 3 });
  });

  test('has them if another account has images, or is read at the same time', () => {
    const opened = openStoreWith(names('a'));
    const other = opened.begin({ accountId: 'other' });
    other.expect(100);
    other.add(pageOf(names('a')));
    expect(indexesOf(opened.path)).toEqual(INDEXES);

    const together = openStore();
    const first = together.begin();
    together.begin({ accountId: 'other' });
    first.expect(100);
    first.add(pageOf(names('a')));
    expect(indexesOf(together.path)).toEqual(INDEXES);
  });

  test('gets them when its reading is over, or when a run of another account begins', () => {
    const opened = openStore();
    const stage = begun(opened);
    stage.add(pageOf(names('a', 'b')));
    const other = opened.begin({ accountId: 'other' });
    expect(indexesOf(opened.path)).toEqual(INDEXES);
    other.expect(50);
    other.add(pageOf(names('a', 'b=other')));
    stage.add(pageOf(names('b=again', 'c')));
    stage.settle();
    expect(stage.publish(END)).toMatchObject({ added: 3, listed: 3 });
    expect(other.publish(END)).toMatchObject({ added: 2, listed: 2 });
    expect(seen(opened.path)).toBe('a=null b=again c=null');
    expect(seen(opened.path, 'other')).toBe('a=null b=other');
    expect(findingsOf(opened.path)).toEqual([]);
  });
});

describe('an image that a first inventory lists twice', () => {
  test('is there once, in its first row, as it was shown last, and counted once', () => {
    const opened = openStore();
    const stage = begun(opened);
    stage.add(pageOf(names('a=1', 'b=1', 'c=1', 'b=2')));
    stage.add(pageOf(names('d=1', 'b=3', 'c=1', 'e=1')));
    expect(stage.listed).toBe(8);
    stage.settle();
    expect(stage.listed).toBe(5);
    expect(query(opened.path, 'SELECT row_id, id, filename FROM stored_images')).toEqual([
      { row_id: 1, id: 'a', filename: '1' },
      { row_id: 2, id: 'b', filename: '3' },
      { row_id: 3, id: 'c', filename: '1' },
      { row_id: 5, id: 'd', filename: '1' },
      { row_id: 8, id: 'e', filename: '1' },
    ]);
    expect(stage.add(pageOf(names('e=2', 'f=1')))).toBe(1);
    expect(stage.publish(END)).toMatchObject({ listed: 6, added: 6, unchanged: 0 });
    expect(findingsOf(opened.path)).toEqual([]);
    expect(seen(opened.path)).toBe('a=1 b=3 c=1 d=1 e=2 f=1');
    const alone = openStoreWith(names('a=1', 'b=3', 'c=1', 'd=1', 'e=2', 'f=1'));
    const sum = 'SELECT content_hash FROM runs';
    expect(query(opened.path, sum)).toEqual(query(alone.path, sum));
  });

  test('is no image more for a dry run, which leaves the file as it found it', () => {
    const opened = openStore();
    const stage = opened.begin({ mode: 'dry-run' });
    stage.expect(100);
    stage.add(pageOf(names('a=1', 'a=2', 'b')));
    expect(stage.rehearse(END, () => undefined)).toMatchObject({ listed: 2, added: 2 });
    expect(query(opened.path, 'SELECT * FROM stored_images')).toEqual([]);
    expect(indexesOf(opened.path)).toEqual(INDEXES);
    expect(findingsOf(opened.path)).toEqual([]);
  });

  test('makes the indexes early when more is listed than the account states', () => {
    const opened = openStore();
    const stage = begun(opened, { expected: 3 });
    stage.add(pageOf(names('a=1', 'b=1')));
    expect(indexesOf(opened.path)).toEqual([]);
    expect(stage.add(pageOf(names('b=2', 'a=1')))).toBe(0);
    expect(indexesOf(opened.path)).toEqual(INDEXES);
    expect(stage.listed).toBe(2);
    expect(stage.add(pageOf(names('c')))).toBe(1);
    expect(stage.publish(END)).toMatchObject({ listed: 3, added: 3 });
    expect(seen(opened.path)).toBe('a=1 b=2 c=null');
  });
});

describe('a first inventory that is given up', () => {
  test.for(['abandon', 'restart'] as const)('leaves a sound file behind: %s', (how) => {
    const opened = openStore();
    const stage = begun(opened);
    stage.add(pageOf(names('a', 'b', 'a=2')));
    if (how === 'abandon') stage.abandon(END, FAILED);
    else {
      stage.restart();
      stage.expect(2);
      stage.add(pageOf(names('c', 'c=2')));
      expect(stage.publish(END)).toMatchObject({ listed: 1, added: 1 });
    }
    expect(indexesOf(opened.path)).toEqual(INDEXES);
    expect(findingsOf(opened.path)).toEqual([]);
    expect(seen(opened.path)).toBe(how === 'abandon' ? '' : 'c=2');
  });

  test('when its indexes cannot be made, is no less right than before: nothing is forgotten, nothing is twice', () => {
    const opened = openStore();
    const stage = begun(opened);
    stage.add(pageOf(names('a=1', 'b=1', 'a=2')));
    withFullDisk(opened.opened.database, 0, () => {
      expect(() => opened.begin({ accountId: 'other' })).toThrow('full');
    });
    expect(indexesOf(opened.path)).toEqual([]);
    expect(stage.listed).toBe(3);
    stage.add(pageOf(names('b=2', 'c=1')));
    expect(stage.publish(END)).toMatchObject({ listed: 3, added: 3 });
    expect(seen(opened.path)).toBe('a=2 b=2 c=1');
    expect(indexesOf(opened.path)).toEqual(INDEXES);
    expect(findingsOf(opened.path)).toEqual([]);
  });

  test('for a full disk at its end, leaves a sound file for the next run', () => {
    const opened = openStore();
    const stage = begun(opened);
    stage.add(pageOf(names('a=1', 'b=1', 'a=2')));
    withFullDisk(opened.opened.database, 0, () => expect(() => stage.settle()).toThrow('full'));
    stage.abandon(END, FAILED);
    expect(findingsOf(opened.path)).toEqual([]);
    expect(indexesOf(opened.path)).toEqual(INDEXES);
    const next = begun(opened);
    next.add(pageOf(names('a=1')));
    expect(next.publish(END)).toMatchObject({ added: 1 });
    expect(findingsOf(opened.path)).toEqual([]);
  });
});

describe('a process that dies during a first inventory', () => {
  /** Two pages with an image that is on both; the second one was kept too. */
  function died(): string {
    const opened = openStore();
    const stage = begun(opened, { expected: 6 });
    stage.add(pageOf(names('a=1', 'b=1'), { number: 1 }));
    stage.add(pageOf(names('a=2', 'c=1'), { number: 2 }));
    opened.die();
    return opened.path;
  }

  test('leaves a file that is sound, and shows nothing', () => {
    const path = died();
    expect(indexesOf(path)).toEqual([]);
    expect(seen(path)).toBe('');
    expect(findingsOf(path)).toEqual([]);
  });

  test('is gone on with by the next run, which finds what is there twice', () => {
    const { begin, path } = openStore(died(), MINUTE);
    const stage = begin();
    expect(stage.resumed).toMatchObject({ expected: 6, pages: [{ number: 1 }, { number: 2 }] });
    expect(indexesOf(path)).toEqual([]);
    stage.add(pageOf(names('d=1'), { number: 3 }));
    stage.settle();
    expect(stage.listed).toBe(4);
    expect(stage.publish(END)).toMatchObject({ listed: 4, added: 4 });
    expect(seen(path)).toBe('a=2 b=1 c=1 d=1');
    expect(indexesOf(path)).toEqual(INDEXES);
    expect(findingsOf(path)).toEqual([]);
    expect(existsSync(`${path}-scan`)).toBe(false);
  });

  test('again, after the rows that its pages name were merged', () => {
    const second = openStore(died(), MINUTE);
    const settled = second.begin();
    settled.settle();
    expect(settled.listed).toBe(3);
    second.die();
    const { begin, path } = openStore(second.path, 2 * MINUTE);
    const stage = begin();
    expect(stage.resumed).toMatchObject({ runId: 2, pages: [{ number: 1 }, { number: 2 }] });
    expect(stage.listed).toBe(3);
    // Row 3, which page 2 names, was given up by the image that was merged.
    stage.add(pageOf(names('d=1', 'c=2'), { number: 3 }));
    expect(stage.publish(END)).toMatchObject({ listed: 4, added: 4 });
    expect(seen(path)).toBe('a=2 b=1 c=2 d=1');
    expect(findingsOf(path)).toEqual([]);
  });

  test('leaves indexes to be made by the run of another account, which takes nothing from it', () => {
    const { begin, path } = openStore(died(), MINUTE);
    const other = begin({ accountId: 'other' });
    expect(indexesOf(path)).toEqual(INDEXES);
    other.expect(2);
    other.add(pageOf(names('a=other', 'z')));
    expect(other.publish(END)).toMatchObject({ added: 2 });
    const stage = begin();
    expect(stage.resumed).toMatchObject({ runId: 1 });
    expect(stage.listed).toBe(3);
    stage.add(pageOf(names('d=1'), { number: 3 }));
    expect(stage.publish(END)).toMatchObject({ listed: 4, added: 4 });
    expect(seen(path)).toBe('a=2 b=1 c=1 d=1');
    expect(seen(path, 'other')).toBe('a=other z=null');
    expect(findingsOf(path)).toEqual([]);
  });

  test.for([
    ['nobody wants to go on', { mayResume: false }],
    ['only some images are asked for', { creators: ['ann'] }],
    ['a quick run is asked for', { mode: 'quick' }],
  ] as const)('is forgotten if %s', ([, start]) => {
    const { begin, path } = openStore(died(), MINUTE);
    const stage = begin(start);
    expect(stage.resumed).toBeUndefined();
    expect(indexesOf(path)).toEqual(INDEXES);
    expect(query(path, 'SELECT * FROM stored_images')).toEqual([]);
    stage.add(pageOf(names('a=3')));
    expect(stage.publish(END)).toMatchObject({ added: 1 });
    expect(findingsOf(path)).toEqual([]);
  });

  test('is cleared away when it is too long ago, also if nobody asks for the account again', () => {
    const { path } = openStore(died(), 120 * MINUTE);
    expect(indexesOf(path)).toEqual(INDEXES);
    expect(query(path, 'SELECT * FROM stored_images')).toEqual([]);
    expect(findingsOf(path)).toEqual([]);
  });

  test('is cleared away whole, or not at all, when the disk is full', () => {
    const path = died();
    rmSync(`${path}-scan`);
    // Nothing but the indexes is left to be written.
    statements('DELETE FROM stored_images; DELETE FROM stages; PRAGMA incremental_vacuum')(path);
    for (const room of [0, 1, 2]) {
      const opened = openForWriting(path, '2026-01-01T00:00:00.000Z');
      withFullDisk(opened.database, room, () => {
        expect(() => createStore(opened, 0), `room for ${room}`).toThrow('full');
      });
      opened.close();
      expect(indexesOf(path), `room for ${room}`).toEqual([]);
    }
    openStore(path).die();
    expect(indexesOf(path)).toEqual(INDEXES);
  });

  test('may have been stopped before its first page', () => {
    const opened = openStore();
    begun(opened).suspend(END, STOPPED);
    opened.die();
    expect(indexesOf(opened.path)).toEqual([]);
    expect(findingsOf(opened.path)).toEqual([]);
    openStore(opened.path, MINUTE);
    expect(indexesOf(opened.path)).toEqual(INDEXES);
  });
});

/** Does something while the file can grow by a few pages only. */
function withFullDisk(database: Sqlite.Database, room: number, work: () => void): void {
  database.pragma('incremental_vacuum');
  const most = Number(database.pragma('max_page_count', { simple: true }));
  const pages = Number(database.pragma('page_count', { simple: true }));
  database.pragma(`max_page_count = ${pages + room}`);
  try {
    work();
  } finally {
    database.pragma(`max_page_count = ${most}`);
  }
}

test('indexes that somebody drops from a published inventory are made again', () => {
  const { path, begin, die } = openStore();
  const first = begin();
  first.add(pageOf([image('a')]));
  first.publish(END);
  die();
  statements('DROP INDEX images_by_id; DROP INDEX images_by_creator; DROP INDEX images_by_upload')(
    path,
  );
  const stage = openStore(path, 1000).begin();
  stage.expect(1);
  expect(indexesOf(path)).toEqual(INDEXES);
  stage.add(pageOf([image('a')]));
  expect(stage.publish(END)).toMatchObject({ listed: 1, added: 0, unchanged: 1 });
});
