import type { Database } from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { diffImages, sameImage } from '../../src/inventory/compare.ts';
import { Failure } from '../../src/inventory/failure.ts';
import type { Image } from '../../src/inventory/image.ts';
import { parseMoment, type Moment } from '../../src/inventory/moment.ts';
import { openSnapshot } from '../../src/store/database.ts';
import { compareRuns } from '../../src/store/difference.ts';
import { accountsAt } from '../../src/store/past/accounts-at.ts';
import { toImage, type ImageRow } from '../../src/store/rows.ts';
import { select, type SelectionOptions } from '../../src/store/selection.ts';
import { DAY_MS, FIRST_DAY } from '../support/days.ts';
import { forgetDays } from '../support/forgetting.ts';
import { failOn, runOn, writeLongHistory } from '../support/long-history.ts';
import { imageOf, openStore, type OpenedStore } from '../support/opened-store.ts';
import { writeRandomPast, type PastRun } from '../support/random-past.ts';

const SEED = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 1_000_000);
const EVERYTHING: SelectionOptions = {
  accountIds: undefined,
  moment: { is: 'latest' },
  isRemoved: false,
  columns: undefined,
  where: undefined,
};

const NOTHING = imageOf('nothing');

/** Rows of a selection as objects, by image id. */
type Rows = ReadonlyMap<string, ImageRow>;

/** Works on one state of an inventory's file. */
function reading<T>({ path }: OpenedStore, work: (database: Database) => T): T {
  const database = openSnapshot(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function selected(database: Database, options: Partial<SelectionOptions>): Rows {
  const { columns, rows, accounts } = select(database, { ...EVERYTHING, ...options });
  const found = [...rows].map(
    (row) =>
      Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])) as ImageRow,
  );
  if (options.where === undefined) {
    expect(found).toHaveLength(accounts.reduce((sum, { images }) => sum + images, 0));
  }
  return new Map(found.map((row) => [`${row['account_id']}/${row['id']}`, row]));
}

/** Images and removed images of an account, as they are now. */
function now(database: Database, accountId: string): readonly [present: Rows, gone: Rows] {
  const accountIds = [accountId];
  return [selected(database, { accountIds }), selected(database, { accountIds, isRemoved: true })];
}

function imagesOf(rows: Rows): ReadonlyMap<string, Image> {
  return new Map([...rows.values()].map((row) => [String(row['id']), toImage(row)]));
}

/** A random past, with what could be read after each of its runs. */
function remember(seed: number, days: number) {
  const store = openStore();
  const seen = new Map<number, readonly [present: Rows, gone: Rows]>();
  const runs = writeRandomPast(
    store,
    { seed, days, accounts: ['acc', 'other'] },
    ({ runId, accountId }) =>
      reading(store, (database) => seen.set(runId, now(database, accountId))),
  );
  return { store, runs, seen };
}

test(`every complete run is read as it was just after it (seed ${SEED})`, () => {
  const { store, runs, seen } = remember(SEED, 25);
  for (const run of runs) {
    const moment: Moment = { is: 'run', runId: run.runId };
    const [present, gone] = reading(store, (database) => [
      selected(database, { moment }),
      selected(database, { moment, isRemoved: true }),
    ]);
    expect(present, `run ${run.runId}`).toEqual(seen.get(run.runId)?.[0]);
    expect(gone, `run ${run.runId}`).toEqual(seen.get(run.runId)?.[1]);
    expectSame(imagesOf(present), run.images);
  }
});

function expectSame(found: ReadonlyMap<string, Image>, expected: ReadonlyMap<string, Image>): void {
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [id, image] of expected)
    expect(sameImage(found.get(id) ?? NOTHING, image), id).toBe(true);
}

test(`the difference of any two runs leads from one to the other (seed ${SEED})`, () => {
  const { store, runs } = remember(SEED + 1, 10);
  for (const from of runs) {
    for (const to of runs.filter(({ accountId }) => accountId === from.accountId)) {
      reading(store, (database) => expectDifference(database, from, to));
    }
  }
});

function expectDifference(database: Database, from: PastRun, to: PastRun): void {
  const moments: readonly Moment[] = [from, to].map(({ runId }) => ({ is: 'run', runId }));
  const [at] = accountsAt(database, undefined, moments);
  const [earlier, later] = at?.runs ?? [];
  if (at === undefined || earlier === undefined || later === undefined) throw new Error('no run');
  const { counts, changes } = compareRuns(database, at.account, earlier, later);
  const found = new Map([...changes()].map((change) => [change.imageId, change.kind]));
  const ids = new Set([...from.images.keys(), ...to.images.keys()]);
  const expected = [...ids].flatMap((id): readonly (readonly [string, string])[] => {
    const [before, after] = [from.images.get(id), to.images.get(id)];
    if (before && after) return diffImages(before, after) === undefined ? [] : [[id, 'changed']];
    return [[id, after === undefined ? 'removed' : 'added']];
  });
  const simply = [...found].map(
    ([id, kind]) => [id, kind === 'restored' ? 'added' : kind] as const,
  );
  expect(new Map(simply)).toEqual(new Map(expected));
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(found.size);
  expect([...found.keys()]).toEqual([...found.keys()].sort());
}

describe('what cannot be told is refused', () => {
  function refused(store: OpenedStore, options: Partial<SelectionOptions>): string {
    return reading(store, (database) => {
      try {
        return `selected ${[...select(database, { ...EVERYTHING, ...options }).rows].length}`;
      } catch (error) {
        return error instanceof Failure
          ? `${error.code}: ${error.message}`
          : `not foreseen: ${String(error)}`;
      }
    });
  }

  /** Two accounts; runs 1 and 2 are their first ones, run 3 failed, run 4 is one of `other`. */
  function twoAccounts(): OpenedStore {
    const store = openStore();
    runOn(store, 0, [imageOf('a', 'a.png')]);
    runOn(store, 0, [imageOf('b', '=1+1')], 'other');
    failOn(store, 1);
    runOn(store, 1, [imageOf('b'), imageOf('c')], 'other');
    return store;
  }

  test.each<readonly [string, Partial<SelectionOptions>, string]>([
    ['a run that there is not', { moment: { is: 'run', runId: 9 } }, 'USAGE: there is no run 9'],
    [
      'a run that failed',
      { moment: { is: 'run', runId: 3 } },
      'USAGE: run 3 changed nothing that readers see: it is failed, of mode full',
    ],
    [
      'a run of an account that was not chosen',
      { moment: { is: 'run', runId: 4 }, accountIds: ['acc'] },
      'USAGE: run 4 is of account other, which was not chosen',
    ],
    [
      'a time before the first run',
      { moment: { is: 'time', at: FIRST_DAY }, accountIds: ['acc'] },
      'USAGE: nothing is known of account acc at 2026-01-01T00:00:00.000Z: its first complete run ended at 2026-01-01T12:00:00.000Z',
    ],
    [
      'the run before the only one',
      { moment: { is: 'previous' }, accountIds: ['acc'] },
      'USAGE: account acc has one complete run, and none before it',
    ],
    [
      'an account that was never read',
      { accountIds: ['acc', 'stranger'] },
      'USAGE: the inventory has never read the account stranger',
    ],
    ['a column that there is not', { columns: ['id', 'nul'] }, 'USAGE: there is no column "nul"'],
    ['a column twice', { columns: ['id', 'id'] }, 'USAGE: the column "id" was named twice'],
    [
      'words',
      { where: 'creator is' },
      'USAGE: the condition cannot be asked: near ")": syntax error',
    ],
    [
      'a column that there is not in a condition',
      { where: 'owner = 1' },
      'USAGE: the condition cannot be asked: no such column: owner',
    ],
    [
      'another query behind a bracket',
      { where: '1) UNION ALL SELECT name FROM sqlite_schema WHERE (1' },
      'USAGE: the condition cannot be asked: near ")": syntax error',
    ],
    [
      'two statements',
      { where: '1); DELETE FROM runs; SELECT (1' },
      'USAGE: the condition cannot be asked: The supplied SQL string contains more than one statement',
    ],
    [
      'a parameter',
      { where: 'id = ?' },
      'USAGE: the condition cannot be asked: Too few parameter values were provided',
    ],
    [
      'JSON of what is none',
      { where: "filename ->> '$.a' = 1" },
      'USAGE: the condition cannot be asked: malformed JSON',
    ],
  ])('%s', (_what, options, message) => {
    expect(refused(twoAccounts(), options)).toBe(message);
  });

  test('an inventory that has no complete run', () => {
    const store = openStore();
    failOn(store, 0);
    expect(refused(store, {})).toBe('USAGE: no account has been read completely yet');
  });

  test('a comment and quotes are a part of the condition', () => {
    const where = "filename = '=1+1' -- ) not the end";
    expect(refused(twoAccounts(), { where, moment: { is: 'run', runId: 2 } })).toBe('selected 1');
  });

  test('a run that retention has forgotten', () => {
    const store = openStore();
    writeLongHistory(store, 12, ['acc']);
    store.die();
    forgetDays(store.path, 6);
    const first = refused(store, { moment: { is: 'run', runId: 1 } });
    expect(first).toMatch(/^USAGE: what account acc was before run \d+ is forgotten$/);
    expect(refused(store, { moment: { is: 'time', at: FIRST_DAY + DAY_MS } })).toBe(first);
  });

  test.each([
    [
      'a change that was altered',
      `UPDATE changes SET diff = '{"filename":["x","y"]}'`,
      'the past cannot be told',
    ],
    ['a change that was lost', 'DELETE FROM changes', 'cannot be rebuilt from the changes since'],
  ])('%s', (_what, damage, message) => {
    const store = openStore();
    runOn(store, 0, [imageOf('a', 'a.png')]);
    runOn(store, 1, [imageOf('a', 'b.png')]);
    store.opened.database.exec(damage);
    const answer = refused(store, { moment: { is: 'run', runId: 1 } });
    expect(answer).toMatch(/^DATABASE_DAMAGED/);
    expect(answer).toContain(message);
  });
});

test('a condition means the same of an image that a later run touched', () => {
  const store = openStore();
  const image = { ...imageOf('7', '7'), uploaded: '2026-01-01', requireSignedUrls: true };
  runOn(store, 0, [image], '7');
  runOn(store, 1, [{ ...image, creator: 'ann' }], '7');
  const conditions = [
    ...['account_id = 7', 'id = 7', 'filename = 7', 'uploaded < 2027'],
    ...["require_signed_urls = '1'", "first_seen_run = '1'", "changed_run < '3'"],
  ];
  const found = (moment: Moment): readonly number[] =>
    reading(store, (database) =>
      conditions.map((where) => selected(database, { moment, where }).size),
    );
  expect(found({ is: 'latest' })).toEqual(conditions.map(() => 1));
  expect(found({ is: 'previous' })).toEqual(conditions.map(() => 1));
});

describe('moments', () => {
  const at = Date.UTC(2026, 1, 1);

  test.each<readonly [string, Moment | undefined]>([
    ['latest', { is: 'latest' }],
    ['previous', { is: 'previous' }],
    ['17', { is: 'run', runId: 17 }],
    ['2026-01-31', { is: 'time', at: Date.UTC(2026, 0, 31) }],
    ['2026-01-31T16:30', { is: 'time', at: Date.UTC(2026, 0, 31, 16, 30) }],
    ['2026-01-31 16:30:05.250Z', { is: 'time', at: Date.UTC(2026, 0, 31, 16, 30, 5, 250) }],
    ['2026-01-31T16:30+02:00', { is: 'time', at: Date.UTC(2026, 0, 31, 14, 30) }],
    ['2d', { is: 'time', at: Date.UTC(2026, 0, 30) }],
    ['1h30m', { is: 'time', at: at - 5_400_000 }],
    ['2026-02-30', undefined],
    ['2026-13-01', undefined],
    ['2026-01-31T25:00', undefined],
    ['yesterday', undefined],
    ['', undefined],
    ['-1', undefined],
    ['9007199254740992', undefined],
    ['999999999d', undefined],
    ['9999-12-31T23:59-01:00', undefined],
  ])('%s', (text, moment) => {
    expect(parseMoment(text, at)).toEqual(moment);
  });
});
