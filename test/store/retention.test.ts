import { describe, expect, test } from 'vitest';
import { forgetPast, type Forgotten } from '../../src/store/retention.ts';
import { createUpkeep } from '../../src/store/upkeep.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { query } from '../support/inventory.ts';
import { DAY_MS, FIRST_DAY } from '../support/days.ts';
import { failOn, runOn, writeLongHistory } from '../support/long-history.ts';
import { END, imageOf, openStore, type OpenedStore } from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';

const DAYS = 40;

function longHistory(): OpenedStore {
  const store = openStore();
  writeLongHistory(store, DAYS);
  return store;
}

/** Forgets what lies before the beginning of a day, in batches of some rows. */
function forget(store: OpenedStore, day: number, batch = 1000): readonly Forgotten[] {
  return [...forgetPast(store.opened.database, { before: FIRST_DAY + day * DAY_MS, batch })];
}

function sum(forgotten: readonly Forgotten[]): Forgotten {
  return {
    changes: forgotten.reduce((total, { changes }) => total + changes, 0),
    runs: forgotten.reduce((total, { runs }) => total + runs, 0),
  };
}

const findings = (path: string): unknown[] =>
  verifyInventory(path, undefined).checks.flatMap((check) => check.findings);
const count = (path: string, what: string): number =>
  Number(query(path, `SELECT count(*) AS count FROM ${what}`)[0]?.['count']);
const horizons = (path: string): unknown[] =>
  query(path, 'SELECT forgotten_run FROM accounts ORDER BY account_key').map(
    (row) => row['forgotten_run'],
  );
const cutoff = (day: number): string => new Date(FIRST_DAY + day * DAY_MS).toISOString();
const published = "status = 'complete' AND mode <> 'dry-run'";

describe('what is older than the horizon', () => {
  test('is forgotten; all that is left is proved, and what readers see stays as it was', () => {
    const store = longHistory();
    const { path } = store;
    const readers = ['images', 'removed_images', 'image_variants', 'image_nulls'];
    const seen = (): unknown => readers.map((view) => query(path, `SELECT * FROM ${view}`));
    const later = `FROM changes WHERE at >= '${cutoff(20)}' ORDER BY change_id`;
    const before = { seen: seen(), later: query(path, `SELECT * ${later}`) };
    const old = count(path, `changes WHERE at < '${cutoff(20)}'`);
    const runs = count(path, 'runs');
    expect(old).toBeGreaterThan(50);

    const forgotten = sum(forget(store, 20));
    expect(forgotten.changes).toBe(old);
    expect(forgotten.runs).toBeGreaterThan(10);
    expect(count(path, 'runs')).toBe(runs - forgotten.runs);
    expect({ seen: seen(), later: query(path, `SELECT * ${later}`) }).toEqual(before);
    expect(count(path, 'changes')).toBe(before.later.length);
    expect(horizons(path)).toEqual(
      ['acc', 'other'].map(
        (id) =>
          query(
            path,
            `SELECT max(run_id) AS run FROM runs WHERE account_id = ? AND ${published} AND finished_at < '${cutoff(20)}'`,
            id,
          )[0]?.['run'],
      ),
    );
    expect(findings(path)).toEqual([]);
    expect(sum(forget(store, 20))).toEqual({ changes: 0, runs: 0 });
  });

  test('is a run only as long as nothing refers to it', () => {
    const store = longHistory();
    const { path } = store;
    const named = query(
      path,
      `SELECT first_seen_run AS run FROM stored_images UNION SELECT changed_run FROM stored_images
       UNION SELECT first_seen_run FROM removed_images UNION SELECT changed_run FROM removed_images
       UNION SELECT removed_run FROM removed_images`,
    ).map(({ run }) => Number(run));
    forget(store, 30, 7);
    const left = query(path, 'SELECT run_id FROM runs').map((row) => Number(row['run_id']));
    const old = query(path, `SELECT run_id FROM runs WHERE finished_at < '${cutoff(30)}'`);
    expect(left).toEqual(expect.arrayContaining(named));
    expect(old.map((row) => Number(row['run_id'])).filter((run) => !named.includes(run))).toEqual(
      horizons(path).filter((run) => !named.includes(Number(run))),
    );
    expect(query(path, 'PRAGMA foreign_key_check')).toEqual([]);
  });

  test('moves on day by day, and the account with it', () => {
    const store = longHistory();
    const seen: unknown[] = [];
    for (let day = 1; day <= DAYS; day += 3) {
      forget(store, day, 5);
      expect(findings(store.path)).toEqual([]);
      seen.push(horizons(store.path)[0]);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(1)).toEqual(seen.slice(1).toSorted((a, b) => Number(a) - Number(b)));
    runOn(store, DAYS, [imageOf('new'), imageOf('late 1', 'back')]);
    expect(findings(store.path)).toEqual([]);
  });

  test('leaves the last run of an account that nobody reads any more, and its last published one', () => {
    const store = openStore();
    runOn(store, 0, [imageOf('a'), imageOf('b')]);
    runOn(store, 1, [imageOf('a')]);
    runOn(store, 2, [imageOf('a')]);
    for (const day of [3, 4, 5]) failOn(store, day);
    forget(store, 1000);
    expect(query(store.path, 'SELECT run_id FROM runs')).toEqual(
      [1, 2, 3, 6].map((run) => ({ run_id: run })),
    );
    expect(horizons(store.path)).toEqual([3]);
    expect(findings(store.path)).toEqual([]);
    expect(query(store.path, 'SELECT id FROM removed_images')).toEqual([{ id: 'b' }]);
  });

  test('leaves the last full run, and that of some creators, however many quick ones came after it', () => {
    const store = openStore();
    const quickOn = (day: number): void => {
      const at = FIRST_DAY + (day + 0.5) * DAY_MS;
      const stage = store.begin({ mode: 'quick', startedAt: at });
      stage.addNew(pageOf([imageOf('a')]));
      stage.publish({ ...END, finishedAt: at });
    };
    runOn(store, 0, [imageOf('a')]);
    const at = FIRST_DAY + DAY_MS;
    for (const creators of [['ann'], undefined, undefined]) {
      const stage = store.begin({ creators, startedAt: at, mayResume: false });
      stage.add(pageOf([imageOf('a')]));
      stage.publish({ ...END, finishedAt: at });
    }
    for (const day of [2, 3, 4]) quickOn(day);
    forget(store, 10);
    expect(query(store.path, 'SELECT run_id FROM runs')).toEqual(
      // The first is named by the image, the last is the horizon.
      [1, 2, 4, 7].map((run) => ({ run_id: run })),
    );
    expect(findings(store.path)).toEqual([]);
  });

  test('is no first run, for it changed nothing, nor any run behind one that is newer', () => {
    const store = openStore();
    runOn(store, 0, [imageOf('a')]);
    forget(store, 10);
    expect(horizons(store.path)).toEqual([null]);
    // A clock that was wrong for a day.
    runOn(store, 20, [imageOf('b')]);
    runOn(store, 1, [imageOf('c')]);
    runOn(store, 21, [imageOf('d')]);
    forget(store, 10);
    expect(horizons(store.path)).toEqual([null]);
    expect(count(store.path, 'changes')).toBe(6);
  });

  test('is never given its number again', () => {
    const store = openStore();
    runOn(store, 0, [imageOf('a')]);
    runOn(store, 1, [imageOf('b')]);
    const last = query(store.path, 'SELECT max(change_id) AS last FROM changes')[0]?.['last'];
    forget(store, 10);
    expect(count(store.path, 'changes')).toBe(1);
    runOn(store, 11, [imageOf('c')]);
    const next = query(store.path, 'SELECT min(change_id) AS next FROM changes WHERE run_id = 3');
    expect(next).toEqual([{ next: Number(last) + 1 }]);
    expect(findings(store.path)).toEqual([]);
  });
});

describe('between any two batches', () => {
  test('the inventory is sound', () => {
    const store = longHistory();
    const { database } = store.opened;
    let batches = 0;
    for (const forgotten of forgetPast(database, { before: FIRST_DAY + 30 * DAY_MS, batch: 9 })) {
      expect(forgotten.changes + forgotten.runs).toBeLessThanOrEqual(9);
      expect(database.inTransaction).toBe(false);
      expect(findings(store.path)).toEqual([]);
      expect(query(store.path, 'PRAGMA foreign_key_check')).toEqual([]);
      batches += 1;
    }
    expect(batches).toBeGreaterThan(20);
    expect(database.pragma('foreign_keys', { simple: true })).toBe(1);
  });

  test('runs may publish: a run that an image takes with it from one table to the other stays', () => {
    for (const isRemoval of [true, false]) {
      for (let turn = 0; turn < 12; turn += 1) {
        const store = openStore();
        const ids = ['a', 'b', 'c', 'd'];
        runOn(store, 0, []);
        for (const day of ids.keys()) {
          runOn(
            store,
            day + 1,
            ids.slice(0, day + 1).map((id) => imageOf(id)),
          );
        }
        if (!isRemoval) runOn(store, 6, []);
        runOn(store, 7, isRemoval ? ids.map((id) => imageOf(id)) : []);
        let batches = 0;
        const before = FIRST_DAY + 10 * DAY_MS;
        const pieces = forgetPast(store.opened.database, { before, batch: 1 });
        for (; pieces.next().done !== true; batches += 1) {
          if (batches === turn) runOn(store, 11, isRemoval ? [] : ids.map((id) => imageOf(id)));
        }
        expect(batches).toBeGreaterThan(turn);
        expect(query(store.path, 'PRAGMA foreign_key_check'), `${turn}`).toEqual([]);
        expect(findings(store.path), `${turn}`).toEqual([]);
      }
    }
  });

  test('an interrupted run that a later one went on behind stays as long as that one', () => {
    const store = openStore();
    runOn(store, 0, [imageOf('a'), imageOf('b')]);
    const at = FIRST_DAY + DAY_MS;
    const stopped = store.begin({ startedAt: at });
    stopped.expect(3);
    stopped.add(pageOf([imageOf('a')], { number: 1 }));
    stopped.suspend(
      { ...END, finishedAt: at },
      { status: 'interrupted', code: 'STOPPED', message: 'stopped' },
    );
    const next = store.begin({ startedAt: at + 1000 });
    expect(next.resumed?.runId).toBe(2);
    next.add(pageOf([imageOf('b'), imageOf('c')], { number: 2 }));
    next.publish({ ...END, finishedAt: at + 1000 });
    runOn(store, 2, [imageOf('a'), imageOf('b'), imageOf('c')]);
    runOn(store, 3, [imageOf('a'), imageOf('b'), imageOf('c')]);
    const runs = (): unknown =>
      query(store.path, 'SELECT run_id FROM runs').map((row) => row['run_id']);
    forget(store, 10);
    expect(runs()).toEqual([1, 2, 3, 5]);
    runOn(store, 4, [imageOf('a'), imageOf('b')]);
    runOn(store, 5, [imageOf('a'), imageOf('b')]);
    expect(findings(store.path)).toEqual([]);
    expect(query(store.path, 'PRAGMA foreign_key_check')).toEqual([]);
  });

  test('it stops when it is told to, and the next time finishes it', async () => {
    const store = longHistory();
    const upkeep = createUpkeep(store.opened);
    const now = FIRST_DAY + DAYS * DAY_MS;
    const stop = new AbortController();
    const first = upkeep.daily({ now, retentionDays: 10, signal: stop.signal });
    stop.abort();
    const stopped = await first;
    expect(stopped).toMatchObject({ isFinished: false, changes: 0 });
    expect(findings(store.path)).toEqual([]);
    const { signal } = new AbortController();
    const rest = await upkeep.daily({ now, retentionDays: 10, signal });
    expect(rest.isFinished).toBe(true);
    expect(rest.changes).toBeGreaterThan(50);
    expect(findings(store.path)).toEqual([]);
  });
});
