import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT, run, start } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';
import { statements } from '../support/tamper.ts';

const SMALL_PAGES = { IMAGE_INVENTORY_PER_PAGE: '10' };

/** An account of 35 images that was read to its end, 12 of its images uploaded since. */
async function serveWithUploads(): Promise<ServedAccount> {
  const served = await serveAccount({ images: 35 });
  await served.sync([], SMALL_PAGES);
  for (let index = 0; index < 12; index += 1) served.account.upload({ id: `new/${index}` });
  served.emulator.requests.length = 0;
  return served;
}

const runs = ({ database }: ServedAccount): unknown =>
  query(database, 'SELECT mode, api, status, added FROM runs ORDER BY run_id');
const verify = async ({ env }: ServedAccount): Promise<number | null> =>
  (await run(['verify'], env)).code;

describe('sync --quick', () => {
  test('finds new uploads with few requests, of the newer list whatever is configured', async () => {
    const served = await serveWithUploads();
    const { code, log, stderr } = await served.sync(['--quick'], {
      ...SMALL_PAGES,
      IMAGE_INVENTORY_API: 'v1',
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(imagesAsApi(served.database, ACCOUNT)).toEqual(accountAsApi(served.account.all()));
    const [first, ...further] = served.emulator.requests;
    expect(first).toBe(`GET /accounts/${ACCOUNT}/images/v2?sort_order=desc&per_page=10`);
    expect(further).toHaveLength(2);
    for (const path of further) expect(path).toContain(`${first ?? ''}&continuation_token=`);
    expect(runs(served)).toEqual([
      { mode: 'full', api: 'v1', status: 'complete', added: 35 },
      { mode: 'quick', api: 'v2', status: 'complete', added: 12 },
    ]);
    const lines = log();
    expect(lines[0]).toMatchObject({
      ...{ event: 'sync.started', mode: 'quick' },
      msg: 'quick run: new uploads to read, 35 stored',
    });
    expect(lines.filter(({ event }) => event === 'image.added')).toHaveLength(12);
    expect(lines.at(-1)).toMatchObject({
      ...{ event: 'sync.finished', mode: 'quick', listed: 30, added: 12, unchanged: 18 },
      msg: expect.stringMatching(/^30 newest images: 12 added \(3 requests, /) as unknown,
    });
    expect(await verify(served)).toBe(0);
  });

  test('with nothing new asks once, and says so', async () => {
    const served = await serveAccount({ images: 35 });
    await served.sync();
    served.emulator.requests.length = 0;
    const { code, log } = await served.sync(['--quick']);
    expect(code).toBe(0);
    expect(served.emulator.requests).toHaveLength(1);
    expect(log().at(-1)?.msg).toMatch(/^35 newest images: nothing new \(1 request, /);
  });

  test('of an account without a full run is one, and the log says why', async () => {
    const served = await serveAccount({ images: 35 });
    const { code, log } = await served.sync(['--quick'], SMALL_PAGES);
    expect(code).toBe(0);
    expect(log()[0]).toMatchObject({
      ...{ event: 'sync.promoted', account_id: ACCOUNT, mode: 'full' },
      msg: 'full run instead of a quick one: there is no complete full run yet that it could add to',
    });
    expect(runs(served)).toEqual([{ mode: 'full', api: 'v1', status: 'complete', added: 35 }]);
  });

  test('adds to a full run of the same creators, or of all, and to no other', async () => {
    const served = await serveAccount({ images: 0 });
    served.account.upload({ creator: 'ann' });
    const modes: unknown[] = [];
    for (const creator of ['ann', 'bob', 'ann', undefined, 'eve']) {
      const filter = creator === undefined ? {} : { IMAGE_INVENTORY_CREATOR: creator };
      expect((await served.sync(['--quick'], filter)).code).toBe(0);
      modes.push(query(served.database, 'SELECT mode FROM runs').at(-1)?.['mode']);
    }
    expect(modes).toEqual(['full', 'full', 'quick', 'full', 'quick']);
    expect(await verify(served)).toBe(0);
  });

  test('is no dry run', async () => {
    const { code, stderr } = await run(['sync', '--quick', '--dry-run']);
    expect(code).toBe(2);
    expect(stderr).toContain('--quick');
    expect(stderr).toContain('--dry-run');
  });

  test('that fails on its way changes nothing', async () => {
    const served = await serveWithUploads();
    const before = imagesAsApi(served.database, ACCOUNT);
    served.emulator.faults.add({ name: 'no-route', path: /continuation_token/ });
    const { code, log } = await served.sync(['--quick'], SMALL_PAGES);
    expect(code).toBe(6);
    expect(log().at(-1)).toMatchObject({ event: 'sync.failed', listed: 10 });
    expect(imagesAsApi(served.database, ACCOUNT)).toEqual(before);
    expect(query(served.database, 'SELECT count(*) AS n FROM stored_images')).toEqual([{ n: 35 }]);
    expect(await verify(served)).toBe(0);
  });

  test('that is killed leaves nothing that readers see, and the next one finds all', async () => {
    const served = await serveWithUploads();
    const before = imagesAsApi(served.database, ACCOUNT);
    served.emulator.faults.add({ name: 'hang', path: /continuation_token/ });
    const running = start(['sync', '--quick'], { ...served.env, ...SMALL_PAGES });
    await running.logged('sync.page');
    running.child.kill('SIGKILL');
    expect((await running.finished).signal).toBe('SIGKILL');
    expect(existsSync(`${served.database}-scan`), 'pages are kept').toBe(false);
    expect(imagesAsApi(served.database, ACCOUNT)).toEqual(before);
    expect(await verify(served)).toBe(0);
    served.emulator.faults.clear();
    const { code, log } = await served.sync(['--quick'], SMALL_PAGES);
    expect(code).toBe(0);
    expect(log().at(-1)).toMatchObject({ mode: 'quick', added: 12 });
    expect(runs(served)).toMatchObject([{}, { mode: 'quick', status: 'interrupted' }, {}]);
    expect(await verify(served)).toBe(0);
  });
});

test('status tells a quick run as the last one, and goes by the full one', async () => {
  const served = await serveAccount({ images: 35 });
  await served.sync();
  served.account.upload();
  await served.sync(['--quick']);
  const { stdout } = await run(['status', '--json'], served.env);
  expect(JSON.parse(stdout)).toMatchObject({
    accounts: [
      {
        images: 36,
        last_run: { run_id: 2, mode: 'quick', added: 1 },
        last_complete_run: { run_id: 1, mode: 'full' },
      },
    ],
  });
  expect((await run(['status'], served.env)).stdout).toContain('complete (quick): +1 ~0 -0 ↺0');
  expect((await run(['status', '--max-age', '1d'], served.env)).code).toBe(0);
  statements("UPDATE runs SET finished_at = '2020-01-01T00:00:00.000Z' WHERE run_id = 1")(
    served.database,
  );
  expect((await run(['status', '--max-age', '1d'], served.env)).code).toBe(8);
});

test('status tells of a full run that is held until another one completes, whatever quick runs find', async () => {
  const served = await serveAccount({ images: 35 });
  await served.sync();
  for (const { id } of served.account.all()) served.account.delete(id);
  expect((await served.sync()).code).toBe(4);
  served.account.upload();
  await served.sync(['--quick']);
  expect((await run(['status'], served.env)).stdout).toMatch(
    /ago +held \(full\): .*lists no images/,
  );
  const { stdout } = await run(['status', '--json'], served.env);
  expect(JSON.parse(stdout)).toMatchObject({
    accounts: [
      {
        last_run: { run_id: 3, mode: 'quick', status: 'complete' },
        last_full_run: { run_id: 2, mode: 'full', status: 'held' },
        last_complete_run: { run_id: 1, mode: 'full' },
      },
    ],
  });
  await served.sync(['--allow-mass-removal']);
  await served.sync(['--quick']);
  expect((await run(['status'], served.env)).stdout).toContain('complete (quick): +0 ~0 -0 ↺0');
});
