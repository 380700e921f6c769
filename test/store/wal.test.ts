import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Image } from '../../src/inventory/image.ts';
import { createUpkeep } from '../../src/store/upkeep.ts';
import { query } from '../support/inventory.ts';
import { runOn } from '../support/long-history.ts';
import { imageOf, openStoreWith } from '../support/opened-store.ts';

const READER = fileURLToPath(new URL('../support/holding-reader.ts', import.meta.url));

/** Another process that keeps one state of the inventory open until it is killed. */
interface Reader {
  readonly child: ChildProcess;
  /** How many images it sees. */
  readonly ask: () => Promise<number>;
}

async function holdOpen(path: string): Promise<Reader> {
  const child = spawn(execPath, [READER, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const answer = async (): Promise<number> =>
    Number(((await once(child.stdout, 'data')) as [Buffer])[0]);
  await answer();
  const ask = (): Promise<number> => {
    const asked = answer();
    child.stdin.write('?');
    return asked;
  };
  return { child, ask };
}

async function leave({ child }: Reader): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'close');
}

const images = Array.from({ length: 200 }, (_, index) =>
  imageOf(`image/${index}`, 'x'.repeat(500)),
);
const KIB = 1024;
/** Small enough for a test to exceed. */
const LARGEST = 256 * KIB;

/** The images of a day: each day some have another name. */
function imagesOn(day: number): Image[] {
  return images.map((image, index) =>
    index % 20 === day % 20 ? imageOf(image.id, `day ${day} ${'y'.repeat(500)}`) : image,
  );
}

describe('a reader that never leaves', () => {
  test('fails no run, sees its own state, and is told of; the log is cut back when it has left', async () => {
    const store = openStoreWith(images);
    const upkeep = createUpkeep(store.opened, LARGEST);
    const walBytes = (): number => statSync(`${store.path}-wal`).size;
    expect(upkeep.afterRun(0)).toMatchObject({ isTooLarge: false, heldSince: undefined });
    runOn(store, 0, imagesOn(0));
    const reader = await holdOpen(store.path);

    for (let day = 1; day <= 60; day += 1) {
      runOn(store, day, [...imagesOn(day), imageOf(`new ${day}`)]);
      const state = upkeep.afterRun(day);
      expect(state).toMatchObject({ bytes: walBytes(), heldSince: 1, problem: undefined });
      expect(state.isTooLarge).toBe(walBytes() > LARGEST);
    }
    expect(walBytes()).toBeGreaterThan(LARGEST);
    expect(await reader.ask()).toBe(images.length);
    expect(query(store.path, 'SELECT count(*) AS n FROM images')).toEqual([{ n: 201 }]);
    // Whoever waits for a reader does so as long as before.
    expect(store.opened.database.pragma('busy_timeout', { simple: true })).toBe(5000);

    const { signal } = new AbortController();
    const report = await upkeep.daily({ now: 61, retentionDays: undefined, signal });
    expect(report).toMatchObject({ isFinished: true, wal: { isTooLarge: true, heldSince: 1 } });

    await leave(reader);
    expect(upkeep.afterRun(62)).toEqual({
      bytes: 0,
      isTooLarge: false,
      heldSince: undefined,
      problem: undefined,
    });
  });

  test('is another one when it sees another state', async () => {
    const store = openStoreWith(images);
    const upkeep = createUpkeep(store.opened);
    const first = await holdOpen(store.path);
    runOn(store, 1, imagesOn(1));
    expect(upkeep.afterRun(10).heldSince).toBe(10);
    const second = await holdOpen(store.path);
    runOn(store, 2, imagesOn(2));
    expect(upkeep.afterRun(20).heldSince).toBe(10);
    await leave(first);
    expect(upkeep.afterRun(30).heldSince).toBe(30);
    runOn(store, 3, imagesOn(3));
    expect(upkeep.afterRun(40).heldSince).toBe(30);
    await leave(second);
    expect(upkeep.afterRun(50).heldSince).toBe(undefined);
  });
});

test('a database whose log cannot be looked after is told of, and fails nobody', () => {
  const store = openStoreWith(images);
  const upkeep = createUpkeep(store.opened);
  store.opened.database.exec('BEGIN IMMEDIATE');
  expect(upkeep.afterRun(1)).toMatchObject({
    problem: expect.stringContaining('locked') as string,
  });
  store.opened.database.exec('ROLLBACK');
  expect(upkeep.afterRun(2).problem).toBe(undefined);
});

describe('the space of what is forgotten', () => {
  test('is given back to the disk', async () => {
    const store = openStoreWith(images);
    for (let day = 0; day < 30; day += 1) {
      runOn(
        store,
        day,
        images.map(({ id }) => imageOf(id, `${day} ${'z'.repeat(400)}`)),
      );
    }
    const upkeep = createUpkeep(store.opened);
    upkeep.afterRun(0);
    const before = statSync(store.path).size;
    const { signal } = new AbortController();
    const now = Date.UTC(2026, 5, 1);
    const report = await upkeep.daily({ now, retentionDays: 30, signal });
    expect(report.changes).toBeGreaterThan(5000);
    expect(report.freedPages).toBeGreaterThan(1000);
    expect(statSync(store.path).size).toBeLessThan(before / 4);
    expect(store.opened.database.pragma('freelist_count', { simple: true })).toBe(0);
  });

  test('is kept by a file that cannot give any back', async () => {
    const store = openStoreWith(images);
    const { database } = store.opened;
    database.pragma('auto_vacuum = NONE');
    database.exec('VACUUM; CREATE TABLE big AS SELECT * FROM stored_images; DROP TABLE big');
    const { signal } = new AbortController();
    const report = await createUpkeep(store.opened).daily({
      now: 0,
      retentionDays: undefined,
      signal,
    });
    expect(report).toMatchObject({ isFinished: true, freedPages: 0 });
    expect(database.pragma('freelist_count', { simple: true })).toBeGreaterThan(0);
  });
});
