import { describe, expect, test } from 'vitest';
import { runAccount } from '../../src/app/sync-accounts.ts';
import { loadConfig } from '../../src/config/load.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { accountAsApi, imagesAsApi } from '../support/inventory.ts';
import type { Env } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';

const RUN = { mode: 'full', allowMassRemoval: true, mayResume: true } as const;
const never = new AbortController().signal;

/** A session that reads several accounts with one token, in pages of 10. */
async function serveAccounts(sizes: Readonly<Record<string, number>>, more: Env = {}) {
  const { emulator, env: served, database } = await serveAccount();
  const ids = Object.keys(sizes);
  const accounts = ids.map((id, seed) => emulator.addAccount({ id, seed, images: sizes[id] ?? 0 }));
  const env = {
    ...served,
    CLOUDFLARE_ACCOUNT_ID: ids.join(','),
    IMAGE_INVENTORY_PER_PAGE: '10',
    ...more,
  };
  const { session, log } = openTestSession(env);
  const syncAll = () =>
    Promise.all(
      loadConfig({}, env)
        .accounts()
        .map((account) => runAccount(session.context, account, RUN, never)),
    );
  const expectMirrored = (): void => {
    for (const [index, id] of ids.entries()) {
      expect(imagesAsApi(database, id)).toEqual(accountAsApi(accounts[index]?.all() ?? []));
    }
    const { checks } = verifyInventory(database, undefined);
    expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
  };
  return { emulator, accounts, log, syncAll, expectMirrored };
}

describe('runs of several accounts at once', () => {
  test.for(['v1', 'v2'])('mirror each of them, from the %s list', async (version) => {
    const { accounts, log, syncAll, expectMirrored } = await serveAccounts(
      { one: 95, two: 40, three: 0, four: 61 },
      { IMAGE_INVENTORY_API: version },
    );
    expect((await syncAll()).map(({ counts }) => counts?.listed)).toEqual([95, 40, 0, 61]);
    expectMirrored();
    for (const account of accounts) {
      for (const { id } of account.all().slice(0, 7)) account.delete(id);
      account.upload();
    }
    const outcomes = await syncAll();
    expect(outcomes.map(({ counts }) => [counts?.added, counts?.removed])).toEqual([
      [1, 7],
      [1, 7],
      [1, 0],
      [1, 7],
    ]);
    expectMirrored();
    const labels = new Set(
      log.map(({ account_id: id, run_id: run }) => `${String(id)} ${String(run)}`),
    );
    expect([...labels].sort()).toEqual([
      'four 4',
      'four 8',
      'one 1',
      'one 5',
      'three 3',
      'three 7',
      'two 2',
      'two 6',
    ]);
  });

  test('share the quota: hundreds of lookups do not keep another account’s pages waiting', async () => {
    const { emulator, accounts, syncAll, expectMirrored } = await serveAccounts(
      { many: 150, other: 600 },
      { IMAGE_INVENTORY_CONCURRENCY: '1' },
    );
    await syncAll();
    const [many] = accounts;
    for (const { id } of many?.all().slice(0, 100) ?? []) many?.delete(id);
    emulator.requests.length = 0;
    await syncAll();
    expectMirrored();

    const isLookup = (path: string): boolean => /\/many\/images\/v1\/(?!stats)[^?]/.test(path);
    const first = emulator.requests.findIndex(isLookup);
    const last = emulator.requests.findLastIndex((path) => path.includes('/other/'));
    const between = emulator.requests.slice(first, last + 1);
    expect(between.filter(isLookup).length).toBeGreaterThan(20);
    // A page is asked for when the one before it was answered: by then the next lookup is under way, and one more at most.
    const runs = between
      .map((path) => (isLookup(path) ? 'x' : ' '))
      .join('')
      .split(/ +/);
    expect(Math.max(...runs.map(({ length }) => length))).toBeLessThanOrEqual(2);
  });

  test('one that fails leaves the others alone', async () => {
    const { emulator, syncAll } = await serveAccounts({ one: 30, gone: 0, three: 30 });
    emulator.removeAccount('gone');
    const outcomes = await syncAll();
    expect(outcomes.map(({ failure }) => failure?.code)).toEqual([
      undefined,
      expect.any(String),
      undefined,
    ]);
    expect(outcomes.map(({ counts }) => counts?.added)).toEqual([30, undefined, 30]);
  });
});
