import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { placeOf } from '../support/database-files.ts';
import { startEmulator } from '../support/emulator.ts';
import { temporaryFolder } from '../support/folder.ts';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT, clientOf, run, start, type Env } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';
import { Lane, pagesAsked, scenarioOf } from './scenario.ts';
import { faultsOf, leftoversOf, runsBehind, viewOf } from './views.ts';

const RESUMED = [scenarioOf('resumed', 'v1', 1), scenarioOf('resumed', 'v2', 1)];

/** Changes what an interrupted run wrote of itself beside the database. */
function editScan(folder: string, sql: string): void {
  const scan = new Sqlite(`${placeOf(folder)}-scan`);
  scan.exec(sql);
  scan.close();
}

function resumedBy(folder: string): number | null | undefined {
  return runsBehind(placeOf(folder), 0).at(-1)?.resumed_run;
}

describe.for(RESUMED)('what an interrupted run left ($api)', (scenario) => {
  test('is not gone on with when it is not wanted, too old, or of another list', async () => {
    const lane = await Lane.prepare(scenario);
    const all = pagesAsked(lane.reference.requests).length;
    const { api } = scenario;
    const cases: readonly [what: string, sql: string, env: Env, options: object][] = [
      ['--no-resume', '', {}, { mayResume: false }],
      ['an hour old', 'UPDATE scans SET begun_at = begun_at - 3600000', {}, {}],
      ['from the future', 'UPDATE scans SET begun_at = begun_at + 3600000', {}, {}],
      ['of another page size', '', { IMAGE_INVENTORY_PER_PAGE: '11' }, {}],
      ['of the other list', '', { IMAGE_INVENTORY_API: api === 'v1' ? 'v2' : 'v1' }, {}],
      ['of another program', "UPDATE scans SET scope = replace(scope, '0.', '9.')", {}, {}],
      ['of another run', "UPDATE scans SET run_started_at = '2020-01-01T00:00:00.000Z'", {}, {}],
    ];
    for (const [what, sql, env, options] of cases) {
      const folder = lane.copy();
      if (sql !== '') editScan(folder, sql);
      const requests = await lane.sync(folder, env, options);
      const database = placeOf(folder);
      expect(resumedBy(folder), what).toBeNull();
      // Another page size or list may take a page more or less.
      expect(Math.abs(pagesAsked(requests).length - all), what).toBeLessThanOrEqual(2);
      expect(viewOf(database, lane.known), what).toEqual(lane.reference.view);
      expect(leftoversOf(database), what).toEqual([]);
    }
  });

  test('is not gone on with by a run of some creators, nor its pages by one of all', async () => {
    const lane = await Lane.prepare(scenario);
    const folder = lane.copy();
    const database = placeOf(folder);
    await lane.sync(folder, { IMAGE_INVENTORY_CREATOR: '' });
    expect(resumedBy(folder)).toBeNull();
    expect(leftoversOf(database)).toEqual([]);
    await lane.sync(folder);
    expect(imagesAsApi(database, ACCOUNT)).toEqual(accountAsApi(lane.served.account.all()));
    expect(faultsOf(database)).toEqual([]);
  });

  test('is taken over by a dry run, which leaves nothing of it', async () => {
    const lane = await Lane.prepare(scenario);
    const folder = lane.copy();
    const database = placeOf(folder);
    await lane.sync(folder, {}, { mode: 'dry-run' });
    expect(resumedBy(folder)).toBe(lane.known + 1);
    expect(viewOf(database, lane.known)).toEqual(lane.before);
    expect(leftoversOf(database)).toEqual([]);
    await lane.sync(folder);
    expect(viewOf(database, lane.known)).toEqual(lane.reference.view);
  });

  test(
    'is gone on with however often the run behind it is killed',
    { timeout: 60_000 },
    async () => {
      const lane = await Lane.prepare(scenario);
      const folder = lane.copy();
      const database = placeOf(folder);
      const asked = lane.served.emulator.requests.length;
      let kills = 0;
      while (await lane.kill(folder, { CRASH_AT: 'scan: insert pages#2' })) kills += 1;
      expect(kills).toBeGreaterThan(2);
      expect(viewOf(database, lane.known)).toEqual(lane.reference.view);
      expect(leftoversOf(database)).toEqual([]);
      const runs = runsBehind(database, lane.known);
      expect(runs.slice(1).map((each) => each.resumed_run)).toEqual(
        runs.slice(0, -1).map((each) => each.run_id),
      );
      // Each kill costs the page that was staged and not yet kept.
      const requests = lane.served.emulator.requests.slice(asked);
      const all = pagesAsked(lane.reference.requests).length;
      expect(pagesAsked(requests)).toHaveLength(all - 4 + kills);
    },
  );
});

describe.for(RESUMED)('a dry run that is killed ($api)', (scenario) => {
  test('leaves nothing that a reader sees, and pages that a run may go on with', async () => {
    const lane = await Lane.prepare({ ...scenario, kind: 'later' });
    const events = ['db: update runs end#1', 'db: rollback#1', 'db: delete stages#2'];
    for (const event of [...events, 'scan: delete pages#1', 'scan: remove file#1']) {
      const folder = lane.copy();
      const database = placeOf(folder);
      expect(await lane.kill(folder, { CRASH_AT: event }, ['--dry-run']), event).toBe(true);
      expect(viewOf(database, lane.known), event).toEqual(lane.before);
      const isComplete = runsBehind(database, lane.known).at(-1)?.status === 'complete';
      const requests = await lane.sync(folder);
      expect(viewOf(database, lane.known), event).toEqual(lane.reference.view);
      expect(leftoversOf(database), event).toEqual([]);
      const all = pagesAsked(lane.reference.requests).length;
      expect(pagesAsked(requests).length < all, event).toBe(!isComplete);
    }
  });
});

/** What the account did between the kill and the next run, by the place in the list; the first pages are read. */
describe.for(RESUMED)('an account that moved after the kill ($api)', (scenario) => {
  /** The id of an image on a page that was read, or on one that was not. */
  function idOf({ served }: Lane, place: 'read' | 'unread', offset = 3): string {
    const ids = served.account.all().map(({ id }) => id);
    if (scenario.api === 'v2') ids.reverse();
    return ids.at(place === 'read' ? offset : -offset) ?? '';
  }

  function expectNoWrongRemoval(lane: Lane, folder: string): void {
    const removed = query(placeOf(folder), "SELECT image_id FROM changes WHERE kind = 'removed'");
    const later = new Set(lane.served.account.all().map(({ id }) => id));
    const back = query(placeOf(folder), "SELECT image_id FROM changes WHERE kind = 'restored'");
    const returned = new Set(back.map(({ image_id: id }) => id));
    const wrong = removed.filter(({ image_id: id }) => later.has(String(id)) && !returned.has(id));
    expect(wrong).toEqual([]);
  }

  const isMirrored = (lane: Lane, folder: string): void => {
    expect(imagesAsApi(placeOf(folder), ACCOUNT)).toEqual(accountAsApi(lane.served.account.all()));
  };

  test.for<[what: string, move: (lane: Lane) => void]>([
    [
      'an image was deleted of a page that was read',
      (lane) => void lane.served.account.delete(idOf(lane, 'read')),
    ],
    [
      'an image was deleted of a page that was not',
      (lane) => void lane.served.account.delete(idOf(lane, 'unread')),
    ],
    ['an image was uploaded', ({ served }) => void served.account.upload({ id: 'late' })],
    [
      'many were deleted',
      (lane) => {
        for (let count = 0; count < 15; count += 1) lane.served.account.delete(idOf(lane, 'read'));
      },
    ],
  ])('%s: it is mirrored as it is now', async ([, move]) => {
    const lane = await Lane.prepareOnly(scenario);
    move(lane);
    await lane.sync(lane.prepared);
    isMirrored(lane, lane.prepared);
    expectNoWrongRemoval(lane, lane.prepared);
    expect(leftoversOf(placeOf(lane.prepared))).toEqual([]);
  });

  test('as many uploads as deletions on pages that were read: v1 sees them in the run after, v2 at once', async () => {
    const lane = await Lane.prepareOnly(scenario);
    const gone = idOf(lane, 'read');
    lane.served.account.delete(gone);
    lane.served.account.upload({ id: 'late' });
    await lane.sync(lane.prepared);
    expect(resumedBy(lane.prepared)).toBe(scenario.api === 'v1' ? lane.known + 1 : null);
    // The newest image comes first in v1, so what was read has grown by as many as it has lost.
    const images = imagesAsApi(placeOf(lane.prepared), ACCOUNT);
    expect(images.has(gone)).toBe(scenario.api === 'v1');
    expect(images.has('late')).toBe(scenario.api === 'v2');
    expectNoWrongRemoval(lane, lane.prepared);
    await lane.sync(lane.prepared);
    isMirrored(lane, lane.prepared);
    expectNoWrongRemoval(lane, lane.prepared);
  });

  test('as many uploads as deletions on pages that were not read are seen', async () => {
    const lane = await Lane.prepareOnly(scenario);
    lane.served.account.delete(idOf(lane, 'unread', 12));
    lane.served.account.upload({ id: 'late' });
    await lane.sync(lane.prepared);
    isMirrored(lane, lane.prepared);
    expectNoWrongRemoval(lane, lane.prepared);
  });

  test('a change on a page that was read is seen by the run after', async () => {
    const lane = await Lane.prepareOnly(scenario);
    lane.served.account.patch(idOf(lane, 'read'), { meta: { late: true } });
    await lane.sync(lane.prepared);
    await lane.sync(lane.prepared);
    isMirrored(lane, lane.prepared);
    expectNoWrongRemoval(lane, lane.prepared);
  });
});

describe('a page that was staged, but not kept', () => {
  test('does not publish an image that is gone since', async () => {
    const lane = await Lane.prepareOnly(scenarioOf('first', 'v2', 1));
    const { account } = lane.served;
    await lane.kill(lane.prepared, { CRASH_AT: 'scan: insert pages#5' });
    account.delete(account.all().at(-45)?.id ?? '');
    account.upload({ id: 'late' });
    await lane.sync(lane.prepared);
    expect(resumedBy(lane.prepared)).toBe(1);
    expect(imagesAsApi(placeOf(lane.prepared), ACCOUNT)).toEqual(accountAsApi(account.all()));
  });

  test('does not publish a change that was taken back since', async () => {
    const lane = await Lane.prepareOnly(scenarioOf('first', 'v1', 1));
    const { account } = lane.served;
    await lane.sync(lane.prepared);
    const changed = account.all()[45] ?? { id: '' };
    account.patch(changed.id, { creator: 'for a moment' });
    await lane.kill(lane.prepared, { CRASH_AT: 'scan: insert pages#5' });
    account.replace(changed.id, changed);
    await lane.sync(lane.prepared);
    expect(resumedBy(lane.prepared)).toBe(2);
    expect(query(placeOf(lane.prepared), 'SELECT * FROM changes')).toEqual([]);
  });
});

/** Where nothing is stated, numbered pages that moved could not be told from ones that stood still. */
describe.for(['v1', 'v2'] as const)('a first run that was killed (%s)', (api) => {
  test.for([
    ['of one creator', { IMAGE_INVENTORY_CREATOR: 'ann' }],
    ['of an account that states no number', {}],
  ] as const)('%s loses no image when others were deleted since', async ([, more]) => {
    const served = await serveAccount({ images: 75 });
    const { account, emulator, database } = served;
    for (const { id } of account.all()) account.patch(id, { creator: 'ann' });
    emulator.faults.add({ name: 'no-route', path: /stats/ });
    const env = {
      ...served.env,
      IMAGE_INVENTORY_PER_PAGE: '10',
      IMAGE_INVENTORY_API: api,
      IMAGE_INVENTORY_CONCURRENCY: '1',
      ...more,
    };
    const NODE_OPTIONS = `--import=${new URL('../support/checkpoints.ts', import.meta.url).href}`;
    const CRASH_AT = 'db: commit insert stages#5';
    const killed = await run(['sync'], { ...env, NODE_OPTIONS, CRASH_AT });
    expect(killed.signal).toBe('SIGKILL');
    const ids = account.all().map(({ id }) => id);
    if (api === 'v2') ids.reverse();
    for (const id of ids.slice(0, 3)) account.delete(id);
    const { sync, close } = openTestSession(env);
    expect((await sync()).failure).toBeUndefined();
    const stored = imagesAsApi(database, ACCOUNT);
    expect(account.all().filter(({ id }) => !stored.has(id))).toEqual([]);
    await sync();
    expect(imagesAsApi(database, ACCOUNT)).toEqual(accountAsApi(account.all()));
    await close();
  });
});

test('SIGTERM keeps the pages: 143, interrupted, and the next run reads the rest only', async () => {
  const served = await serveAccount({ images: 75 });
  const env = {
    ...served.env,
    IMAGE_INVENTORY_PER_PAGE: '10',
    IMAGE_INVENTORY_CONCURRENCY: '1',
  };
  served.emulator.faults.add({ name: 'hang', path: /page=5&/ });
  const { promise: asked, resolve } = Promise.withResolvers<undefined>();
  served.emulator.on('request', (_method, path) => {
    if (path.includes('page=5&')) resolve(undefined);
  });
  const stopped = start(['sync'], env);
  await asked;
  stopped.child.kill('SIGTERM');
  expect((await stopped.finished).code).toBe(143);
  expect(query(served.database, 'SELECT status, error_code, listed FROM runs')).toEqual([
    { status: 'interrupted', error_code: 'STOPPED', listed: 40 },
  ]);
  served.emulator.faults.clear();
  const before = served.emulator.requests.length;
  expect((await run(['sync'], env)).code).toBe(0);
  const requests = served.emulator.requests.slice(before);
  expect(requests.filter((request) => request.includes('stats'))).toHaveLength(1);
  expect(pagesAsked(requests).map((request) => /\bpage=(\d+)/.exec(request)?.[1])).toEqual([
    '5',
    '6',
    '7',
    '8',
    '9',
  ]);
  expect(imagesAsApi(served.database, ACCOUNT)).toEqual(accountAsApi(served.account.all()));
});

test('what is kept of an account that nobody reads any more goes away when it is old', async () => {
  const lane = await Lane.prepareOnly(scenarioOf('first', 'v1', 1));
  const { prepared } = lane;
  await lane.sync(prepared);
  expect(await lane.kill(prepared, { CRASH_AT: 'scan: insert pages#5' })).toBe(true);
  editScan(prepared, 'UPDATE scans SET begun_at = begun_at - 3600000');
  const { close } = openTestSession(lane.environment(prepared));
  await close();
  expect(leftoversOf(placeOf(prepared))).toEqual([]);
});

test('accounts in one file go on each behind its own interrupted run', async () => {
  const other = { id: 'b'.repeat(32), images: 45, seed: 7 };
  await using server = await startEmulator({ images: 75 }, { accounts: [other] });
  const { emulator } = server;
  const database = join(temporaryFolder(), 'inventory.db');
  const common = {
    ...clientOf(server.baseUrl),
    IMAGE_INVENTORY_DB: database,
    IMAGE_INVENTORY_PER_PAGE: '10',
    IMAGE_INVENTORY_CONCURRENCY: '1',
  };
  const NODE_OPTIONS = `--import=${new URL('../support/checkpoints.ts', import.meta.url).href}`;
  const kill = async (account: string, event: string): Promise<void> => {
    const env = { ...common, CLOUDFLARE_ACCOUNT_ID: account, NODE_OPTIONS, CRASH_AT: event };
    expect((await run(['sync'], env)).signal).toBe('SIGKILL');
  };
  const sync = async (account: string): Promise<number> => {
    const asked = emulator.requests.length;
    const opened = openTestSession({ ...common, CLOUDFLARE_ACCOUNT_ID: account });
    expect((await opened.sync()).failure).toBeUndefined();
    await opened.close();
    expect(imagesAsApi(database, account)).toEqual(accountAsApi(emulator.account(account).all()));
    return pagesAsked(emulator.requests.slice(asked)).length;
  };

  await kill(ACCOUNT, 'scan: insert pages#5');
  await kill(other.id, 'scan: insert pages#4');
  await kill(ACCOUNT, 'scan: insert pages#2');
  expect(query(database, 'SELECT * FROM images')).toEqual([]);
  // Page 5 of 5 and the end; then pages 6, 7, 8 of 8 and the end.
  expect(await sync(other.id)).toBe(3);
  expect(imagesAsApi(database, ACCOUNT).size).toBe(0);
  expect(await sync(ACCOUNT)).toBe(4);
  expect(faultsOf(database)).toEqual([]);
  expect(leftoversOf(database)).toEqual([]);
});
