import { expect, test } from 'vitest';
import { systemClock } from '../../src/app/system-clock.ts';
import { query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';
import { statements } from '../support/tamper.ts';

const MONTH_MS = 30 * 24 * 3_600_000;

test('an outcome says which run it was, of what kind, and what it found', async () => {
  const { env } = await serveAccount({ images: 3 });
  const { sync } = openTestSession(env);
  expect(await sync()).toMatchObject({
    accountId: ACCOUNT,
    mode: 'full',
    runId: 1,
    counts: { added: 3 },
    failure: undefined,
  });
  expect(await sync({ mode: 'dry-run' })).toMatchObject({
    mode: 'dry-run',
    runId: 2,
    counts: { unchanged: 3 },
  });
});

test('a run that the ledger does not take is told like any that fails', async () => {
  const { env } = await serveAccount({ images: 3 });
  const { sync, log, close } = openTestSession(env);
  await close();
  const outcome = await sync();
  expect(outcome).toMatchObject({ accountId: ACCOUNT, runId: undefined, counts: undefined });
  expect(outcome.failure).toBeDefined();
  expect(log.map(({ event, account_id: id }) => [event, id])).toEqual([['sync.failed', ACCOUNT]]);
});

test('one whose end the ledger does not take is told with its number', async () => {
  const { env, database } = await serveAccount({ images: 3 });
  const { sync, log } = openTestSession(env);
  statements(`CREATE TRIGGER refuse BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'no'); END`)(
    database,
  );
  expect(await sync()).toMatchObject({ runId: 1, counts: undefined });
  expect(log.at(-1)).toMatchObject({ event: 'sync.failed', account_id: ACCOUNT, run_id: 1 });
});

test('the clock that a session is given dates its runs: a year passes in a moment', async () => {
  const { env, database, account } = await serveAccount({ images: 3 });
  let now = Date.UTC(2026, 0, 1);
  const { sync } = openTestSession(env, { ...systemClock, now: () => now });
  for (let month = 0; month < 12; month += 1, now += MONTH_MS) {
    account.upload();
    await sync();
  }
  const months = query(database, 'SELECT started_at, finished_at, added FROM runs');
  expect(months[0]).toMatchObject({ started_at: '2026-01-01T00:00:00.000Z', added: 4 });
  expect(months).toHaveLength(12);
  expect(months.at(-1)).toEqual({
    started_at: '2026-11-27T00:00:00.000Z',
    finished_at: '2026-11-27T00:00:00.000Z',
    added: 1,
  });
  expect(query(database, 'SELECT DISTINCT at FROM changes')).toHaveLength(11);
});

test('a run has finished when readers see what it found, not when it began to write that down', async () => {
  const { env, database, account } = await serveAccount({ images: 3 });
  let now = Date.UTC(2026, 0, 1);
  const { sync } = openTestSession(env, { ...systemClock, now: () => (now += 1000) });
  await sync();
  account.upload();
  await sync();
  const [found] = query(
    database,
    'SELECT finished_at > at AS isLater FROM changes JOIN runs USING (run_id)',
  );
  expect(found).toEqual({ isLater: 1 });
});
