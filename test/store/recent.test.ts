import { describe, expect, test } from 'vitest';
import {
  RECENT_CHANGES,
  RECENT_RUNS,
  RUNS_LOOKED_AT,
  recentChanges,
  recentRuns,
} from '../../src/store/recent.ts';
import { openForReading } from '../../src/store/database.ts';
import {
  END,
  FAILED,
  imageOf as image,
  openStore,
  openStoreWith,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { statements } from '../support/tamper.ts';

/** Reads an inventory, and closes it. */
function reading<T>(path: string, read: (database: ReturnType<typeof openForReading>) => T): T {
  const database = openForReading(path);
  try {
    return read(database);
  } finally {
    database.close();
  }
}

describe('the last runs', () => {
  test('are an account’s own, the latest first, whatever became of them', () => {
    const { begin, path } = openStoreWith([image('a')]);
    const other = begin({ accountId: 'other' });
    other.publish(END);
    begin({ mode: 'dry-run', startedAt: 5000 }).abandon(
      { ...END, finishedAt: 6000 },
      { ...FAILED, message: 'no luck' },
    );
    begin({ startedAt: 7000 });
    const runs = reading(path, (database) => recentRuns(database, 'acc', 10));
    expect(runs).toMatchObject([
      { runId: 4, mode: 'full', status: 'running', startedAt: 7000, finishedAt: undefined },
      { runId: 3, mode: 'dry-run', status: 'failed', startedAt: 5000, finishedAt: 6000 },
      { runId: 1, mode: 'full', status: 'complete', startedAt: 0, finishedAt: 1000 },
    ]);
    expect(runs.map(({ errorMessage }) => errorMessage)).toEqual([undefined, 'no luck', undefined]);
    expect(runs[2]?.counts).toEqual({
      ...{ listed: 1, added: 1, changed: 0, removed: 0, restored: 0, unchanged: 0 },
    });
    expect(reading(path, (database) => recentRuns(database, 'acc', 2))).toHaveLength(2);
    expect(reading(path, (database) => recentRuns(database, 'nobody', 2))).toEqual([]);
  });
});

test('the last full run is not hidden behind quick ones, whatever became of it', () => {
  const { begin, path } = openStoreWith([image('a')]);
  begin().abandon(END, FAILED);
  for (let run = 0; run < 3; run += 1) begin({ mode: 'quick' }).publish(END);
  const runIds = (limit: number): number[] =>
    reading(path, (database) => recentRuns(database, 'acc', limit)).map(({ runId }) => runId);
  expect(runIds(2)).toEqual([5, 4, 2]);
  expect(runIds(4)).toEqual([5, 4, 3, 2]);
});

describe('the last changes', () => {
  test('are an account’s own, those of the latest run first, and say which columns differ', () => {
    const { begin, path } = openStoreWith([image('a', 'old'), image('b')]);
    const first = begin();
    first.add(pageOf([image('a', 'new'), image('b')]));
    first.publish({ ...END, finishedAt: 2000 });
    const second = begin();
    second.add(pageOf([image('a', 'new'), image('d'), image('c', 'c.png')]));
    second.condemn('b');
    second.publish({ ...END, finishedAt: 3000 });
    const other = begin({ accountId: 'other' });
    other.add(pageOf([image('x')]));
    other.publish(END);
    const dry = begin({ mode: 'dry-run' });
    dry.add(pageOf([image('e')]));
    dry.rehearse(END, () => undefined);

    const changes = reading(path, (database) => recentChanges(database, 'acc', 10));
    expect(changes).toEqual([
      { at: 3000, kind: 'removed', imageId: 'b', fields: [] },
      { at: 3000, kind: 'added', imageId: 'c', fields: ['filename'] },
      { at: 3000, kind: 'added', imageId: 'd', fields: [] },
      { at: 2000, kind: 'changed', imageId: 'a', fields: ['filename'] },
    ]);
    const last = reading(path, (database) => recentChanges(database, 'acc', 2));
    expect(last).toEqual(changes.slice(0, 2));
    expect(reading(path, (database) => recentChanges(database, 'other', 2))).toEqual([]);
  });

  test('are none after a baseline', () => {
    const { path } = openStoreWith([image('a')]);
    expect(reading(path, (database) => recentChanges(database, 'acc', 2))).toEqual([]);
  });
});

test('changes are looked for in so many runs and no more', () => {
  const { begin, path } = openStoreWith([image('a')]);
  const changing = begin();
  changing.add(pageOf([image('a', 'new')]));
  changing.publish(END);
  const idle = (runs: number): void =>
    statements(`INSERT INTO runs (account_id, mode, status, api, started_at, tool_version)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${runs})
      SELECT 'acc', 'quick', 'complete', 'v1', '', '' FROM n`)(path);
  const found = (): number =>
    reading(path, (database) => recentChanges(database, 'acc', 10)).length;
  idle(RUNS_LOOKED_AT - 1);
  expect(found()).toBe(1);
  idle(1);
  expect(found()).toBe(0);
});

test.for([
  [
    'runs',
    RECENT_RUNS,
    ['acc', 10],
    [/^SEARCH runs USING INDEX runs_by_account \(account_id=\?\)$/],
  ],
  [
    'changes',
    RECENT_CHANGES,
    [{ accountId: 'acc', limit: 10 }],
    [
      /^SEARCH runs USING INDEX runs_by_account \(account_id=\? AND run_id>\?\)$/,
      /^SCALAR SUBQUERY/,
      /^SEARCH runs USING COVERING INDEX runs_by_account \(account_id=\?\)$/,
      /^SEARCH changes USING INDEX changes_by_run \(run_id=\?\)$/,
    ],
  ],
] as const)(
  'the last %s are found through an index, with nothing to sort',
  ([, sql, parameters, steps]) => {
    const { path } = openStore();
    const plan = reading(path, (database) =>
      database
        .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...parameters)
        .map(({ detail }) => detail),
    );
    expect(plan).toEqual(steps.map((step) => expect.stringMatching(step) as string));
  },
);
