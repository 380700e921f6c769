import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { RunStart } from '../../src/sync/ports/stage.ts';
import { query } from '../support/inventory.ts';
import {
  END,
  FAILED,
  imageOf as image,
  openStore,
  openStoreWith,
  STOPPED,
  suspectsOf,
  type OpenedStore,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';

const MINUTE = 60_000;

/** An inventory of a, b, c; then a run that died after it had read page 2: a changed, d new. */
function interrupted(): OpenedStore {
  const opened = openStoreWith([image('a'), image('b'), image('c')]);
  const stage = opened.begin();
  stage.expect(4);
  stage.add(pageOf([image('a', 'new'), image('d')], { number: 2 }));
  opened.die();
  return opened;
}

const staged = (path: string): unknown =>
  query(
    path,
    `SELECT (SELECT count(*) FROM staged_images) AS changed, (SELECT count(*) FROM stages) AS stages,
       (SELECT count(*) FROM stored_images) - (SELECT count(*) FROM images) AS added`,
  );
const NOTHING = [{ changed: 0, stages: 0, added: 0 }];

describe('a run after one that died', () => {
  test('knows what was read, and ends as if nothing had happened', () => {
    const { path } = interrupted();
    const { begin } = openStore(path, 5 * MINUTE);
    const stage = begin();
    expect(stage.resumed).toMatchObject({
      runId: 2,
      expected: 4,
      pages: [{ number: 2, count: 2 }],
    });
    expect({ listed: stage.listed, stored: stage.stored }).toEqual({ listed: 2, stored: 3 });
    expect(suspectsOf(stage)).toEqual(['b', 'c']);
    stage.add(pageOf([image('b')], { number: 1 }));
    stage.condemn('c');
    expect(stage.publish(END)).toEqual({
      listed: 3,
      added: 1,
      changed: 1,
      removed: 1,
      restored: 0,
      unchanged: 1,
    });
    expect(query(path, 'SELECT id, filename, first_seen_run, changed_run FROM images')).toEqual([
      { id: 'a', filename: 'new', first_seen_run: 1, changed_run: 3 },
      { id: 'b', filename: null, first_seen_run: 1, changed_run: 1 },
      { id: 'd', filename: null, first_seen_run: 3, changed_run: 3 },
    ]);
    expect(query(path, 'SELECT status, resumed_run FROM runs')).toEqual([
      { status: 'complete', resumed_run: null },
      { status: 'interrupted', resumed_run: null },
      { status: 'complete', resumed_run: 2 },
    ]);
    expect(staged(path)).toEqual(NOTHING);
    expect(existsSync(`${path}-scan`)).toBe(false);
  });

  test('sums up the same content as an uninterrupted one', () => {
    const resumed = openStore(interrupted().path);
    const first = resumed.begin();
    first.add(pageOf([image('b'), image('c')]));
    first.publish(END);
    const whole = openStoreWith([image('a', 'new'), image('b'), image('c'), image('d')]);
    const hash = 'SELECT content_hash FROM runs ORDER BY run_id DESC LIMIT 1';
    expect(query(resumed.path, hash)).toEqual(query(whole.path, hash));
  });

  test('may be interrupted itself, and so on', () => {
    const { path } = interrupted();
    const second = openStore(path, 10 * MINUTE);
    second.begin().add(pageOf([image('b', 'new')], { number: 1 }));
    second.die();
    const third = openStore(path, 20 * MINUTE);
    const stage = third.begin();
    expect(stage.resumed?.pages.map(({ number }) => number)).toEqual([1, 2]);
    expect(stage.listed).toBe(3);
    stage.acquit(image('c'));
    expect(stage.publish(END)).toMatchObject({ added: 1, changed: 2, unchanged: 1 });
  });

  test('can forget it all, and read anew', () => {
    const { path } = interrupted();
    const stage = openStore(path).begin();
    stage.restart();
    expect(stage.listed).toBe(0);
    expect(staged(path)).toEqual([{ changed: 0, stages: 1, added: 0 }]);
    expect(query(path, 'SELECT resumed_run FROM runs WHERE run_id = 3')).toEqual([
      { resumed_run: null },
    ]);
    expect(suspectsOf(stage)).toEqual(['a', 'b', 'c']);
    stage.add(pageOf([image('a'), image('b'), image('c')]));
    expect(stage.publish(END)).toMatchObject({ listed: 3, added: 0, changed: 0, unchanged: 3 });
    expect(staged(path)).toEqual(NOTHING);
  });

  test('of a list of tokens goes on behind the last page that leads there', () => {
    const { begin, path, die } = openStore();
    const stage = begin({ api: 'v2' });
    stage.add(pageOf([image('a')], { number: 1, next: 'one' }));
    stage.add(pageOf([image('b')], { number: 2, next: 'two' }));
    stage.add(pageOf([image('c')], { number: 4, next: null }));
    die();
    const resumed = openStore(path).begin({ api: 'v2' });
    expect(resumed.resumed?.pages.map(({ next }) => next)).toEqual(['one', 'two']);
    resumed.publish(END);
    expect(query(path, 'SELECT id FROM images')).toEqual([{ id: 'a' }, { id: 'b' }]);
  });
});

test('what a run behind one that began above dropped rows finds new is new, and can be seen', () => {
  const { path, begin, die } = openStoreWith([image('a')]);
  begin().add(pageOf([image('dropped')], { number: 2 }));
  die();
  const anew = openStore(path);
  const unwritten = anew.begin({ mayResume: false });
  unwritten.expect(2);
  unwritten.add(pageOf([image('a')], { number: 1 }));
  anew.die();
  const stage = openStore(path).begin();
  expect(stage.resumed?.pages).toHaveLength(1);
  stage.add(pageOf([image('b')], { number: 2 }));
  expect(stage.publish(END)).toMatchObject({ added: 1, unchanged: 1 });
  expect(query(path, 'SELECT id FROM images')).toEqual([{ id: 'a' }, { id: 'b' }]);
});

describe('what an interrupted run left is read anew', () => {
  const cases: readonly (readonly [string, Partial<RunStart>])[] = [
    ['when that is wished', { mayResume: false }],
    ['after an hour', { startedAt: 60 * MINUTE }],
    ['when the clock was set back', { startedAt: -1 }],
    ['of another version of the list', { api: 'v2' }],
    ['of other creators', { creators: ['ann'] }],
    ['with pages of another size', { scope: 'other' }],
    ['by another program', { toolVersion: 'newer' }],
  ];
  test.for(cases)('%s', ([, start]) => {
    const { path } = interrupted();
    const stage = openStore(path).begin(start);
    expect(stage.resumed).toBeUndefined();
    expect(stage.listed).toBe(0);
    expect(staged(path)).toEqual(NOTHING);
  });

  test.for([
    ['the file beside the database is lost', (path: string) => writeFileSync(path, '')],
    ['it is damaged', (path: string) => writeFileSync(path, 'SQLite format 3\0 and then noise')],
    [
      'the ledger was restored',
      (path: string) => edit(path, "UPDATE scans SET run_started_at = 'x'"),
    ],
    ['a later run took place', (path: string) => edit(path, 'UPDATE scans SET run_id = 1')],
  ] as const)('when %s', ([, change]) => {
    const { path } = interrupted();
    change(`${path}-scan`);
    const stage = openStore(path).begin();
    expect(stage.resumed).toBeUndefined();
    expect(staged(path)).toEqual(NOTHING);
  });

  test('when its account is not read any more, at the next start', () => {
    const { path } = interrupted();
    expect(staged(path)).toEqual([{ changed: 1, stages: 1, added: 1 }]);
    openStore(path, 60 * MINUTE);
    expect(staged(path)).toEqual(NOTHING);
    expect(existsSync(`${path}-scan`)).toBe(false);
  });
});

function edit(path: string, sql: string): void {
  const database = new Sqlite(path);
  database.exec(sql);
  database.close();
}

describe('two files that do not fit', () => {
  test('pages from before a run began anew are not believed after it', () => {
    const { path } = interrupted();
    const another = openStore(path);
    const stage = another.begin();
    const scan = readFileSync(`${path}-scan`);
    const wal = readFileSync(`${path}-scan-wal`);
    stage.restart();
    stage.add(pageOf([image('e')], { number: 1 }));
    stage.add(pageOf([image('f')], { number: 2 }));
    another.die();
    // A power cut brought back what had been deleted of the file beside the database.
    writeFileSync(`${path}-scan`, scan);
    writeFileSync(`${path}-scan-wal`, wal);
    const after = openStore(path).begin();
    expect(after.resumed).toBeUndefined();
    expect(after.listed).toBe(0);
    expect(staged(path)).toEqual(NOTHING);
  });

  test('a page whose staged images the database lost is read again', () => {
    const { path } = interrupted();
    const another = openStore(path);
    const stage = another.begin();
    stage.add(pageOf([image('b', 'lost'), image('e')], { number: 1 }));
    another.die();
    // A power cut took the last transaction of the database, not that of the file beside it.
    edit(
      path,
      `DELETE FROM stored_images WHERE id = 'e'; DELETE FROM staged_images WHERE id = 'b';
       UPDATE stages SET sequence = 1`,
    );
    const next = openStore(path);
    const resumed = next.begin();
    expect(resumed.resumed?.pages.map(({ number }) => number)).toEqual([2]);
    expect(suspectsOf(resumed)).toEqual(['b', 'c']);
    // What was not believed is not believed later either, when the count has caught up.
    resumed.add(pageOf([image('f')], { number: 3 }));
    next.die();
    expect(
      openStore(path)
        .begin()
        .resumed?.pages.map(({ number }) => number),
    ).toEqual([2, 3]);
  });

  test('what the database staged of a page that the file lost is dropped', () => {
    const { path } = interrupted();
    const another = openStore(path);
    another.begin().add(pageOf([image('b', 'changed'), image('e')], { number: 1 }));
    another.die();
    edit(`${path}-scan`, 'DELETE FROM pages WHERE number = 1');
    const stage = openStore(path).begin();
    stage.add(pageOf([image('b'), image('c')], { number: 1 }));
    expect(stage.publish(END)).toMatchObject({ added: 1, changed: 1, unchanged: 2 });
    expect(query(path, 'SELECT id, filename FROM images')).toEqual([
      { id: 'a', filename: 'new' },
      { id: 'b', filename: null },
      { id: 'c', filename: null },
      { id: 'd', filename: null },
    ]);
  });
});

describe('a run that ends', () => {
  test('by being stopped keeps its pages', () => {
    const { begin, path, die } = openStoreWith([image('a'), image('b')]);
    const stage = begin();
    stage.expect(2);
    stage.add(pageOf([image('a')]));
    stage.suspend(END, STOPPED);
    die();
    expect(openStore(path).begin().resumed).toMatchObject({ runId: 2, pages: [{ number: 1 }] });
  });

  test('otherwise keeps none', () => {
    const { begin, path } = openStoreWith([image('a')]);
    const stage = begin();
    stage.expect(2);
    stage.add(pageOf([image('b')]));
    expect(existsSync(`${path}-scan`)).toBe(true);
    stage.abandon(END, FAILED);
    expect(existsSync(`${path}-scan`)).toBe(false);
    expect(begin().resumed).toBeUndefined();
  });

  test('nor of numbered pages when nobody states how many images there are', () => {
    const { begin, path } = openStoreWith([image('a')]);
    begin().add(pageOf([image('a')]));
    expect(existsSync(`${path}-scan`)).toBe(false);
  });

  test('with the first page never had anything to go on with', () => {
    const { begin, path } = openStoreWith([image('a')]);
    const stage = begin();
    stage.expect(1);
    stage.add(pageOf([image('a')]));
    expect(existsSync(`${path}-scan`)).toBe(false);
  });
});

test('two accounts keep their pages apart', () => {
  const { begin, path, die } = openStore();
  const one = begin();
  one.expect(9);
  one.add(pageOf([image('a')]));
  const two = begin({ accountId: 'other' });
  two.expect(9);
  two.add(pageOf([image('a'), image('b')], { number: 2 }));
  die();
  const again = openStore(path);
  const first = again.begin();
  expect(first.resumed).toMatchObject({ runId: 1, pages: [{ number: 1 }] });
  expect(first.publish(END)).toMatchObject({ added: 1 });
  const second = again.begin({ accountId: 'other' });
  expect(second.resumed).toMatchObject({ runId: 2, pages: [{ number: 2 }] });
  expect(second.publish(END)).toMatchObject({ added: 2 });
  expect(query(path, 'SELECT account_id, id FROM images ORDER BY 1, 2')).toEqual([
    { account_id: 'acc', id: 'a' },
    { account_id: 'other', id: 'a' },
    { account_id: 'other', id: 'b' },
  ]);
});
