import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT, run, runWithStdout, start } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';

const SMALL_PAGES = { IMAGE_INVENTORY_PER_PAGE: '10' };

/** An account whose list never gets past page 3. */
async function serveStuck(): Promise<ServedAccount> {
  const served = await serveAccount({ images: 60 });
  await served.sync([], SMALL_PAGES);
  served.account.upload({ id: 'new' });
  served.emulator.faults.add({ name: 'hang', path: /page=3&/ });
  return served;
}

describe('two writers of one database', () => {
  test('the second exits 11 at once, and says who holds the lock', async () => {
    const served = await serveStuck();
    const first = start(['sync'], { ...served.env, ...SMALL_PAGES });
    await first.logged('sync.page');
    const second = await served.sync();
    expect(second.code).toBe(11);
    expect(second.stderr).toMatch(new RegExp(`process ${String(first.child.pid)} on .+, since 20`));
    expect(second.stdout).toBe('');
    first.child.kill('SIGTERM');
    expect((await first.finished).code).toBe(143);
  });

  test('a reader is not one of them', async () => {
    const served = await serveStuck();
    const first = start(['sync'], { ...served.env, ...SMALL_PAGES });
    await first.logged('sync.page');
    const status = await run(['status', '--json'], served.env);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      is_being_written: true,
      accounts: [{ images: 60, last_run: { status: 'running' }, last_complete_run: { run_id: 1 } }],
    });
    expect(query(served.database, 'SELECT count(*) AS n FROM images')).toEqual([{ n: 60 }]);
  });
});

describe('a process that is ended', () => {
  test.for([
    { signal: 'SIGTERM', code: 143 },
    { signal: 'SIGINT', code: 130 },
  ] as const)(
    'by $signal: exit $code, interrupted, the old snapshot whole',
    async ({ signal, code }) => {
      const served = await serveStuck();
      const before = imagesAsApi(served.database, ACCOUNT);
      const running = start(['sync'], { ...served.env, ...SMALL_PAGES });
      await running.logged('sync.page');
      running.child.kill(signal);
      expect((await running.finished).code).toBe(code);
      expect(imagesAsApi(served.database, ACCOUNT)).toEqual(before);
      expect(
        query(served.database, 'SELECT status, error_code FROM runs WHERE run_id = 2'),
      ).toEqual([{ status: 'interrupted', error_code: 'STOPPED' }]);
    },
  );

  test('by SIGKILL: the old snapshot is whole, and the next run clears up and completes', async () => {
    const served = await serveStuck();
    const before = imagesAsApi(served.database, ACCOUNT);
    const running = start(['sync'], { ...served.env, ...SMALL_PAGES });
    await running.logged('sync.page');
    running.child.kill('SIGKILL');
    expect((await running.finished).signal).toBe('SIGKILL');
    expect((await run(['status'], served.env)).stdout).toContain(
      'running, but its process is gone',
    );
    expect(imagesAsApi(served.database, ACCOUNT)).toEqual(before);

    served.emulator.faults.clear();
    expect((await served.sync([], SMALL_PAGES)).code).toBe(0);
    expect(imagesAsApi(served.database, ACCOUNT)).toEqual(accountAsApi(served.account.all()));
    expect(query(served.database, 'SELECT status FROM runs ORDER BY run_id')).toEqual([
      { status: 'complete' },
      { status: 'interrupted' },
      { status: 'complete' },
    ]);
  });
});

test('a closed pipe ends a command quietly, and a run that it interrupts is not called complete', async () => {
  const served = await serveAccount({ images: 5000, latencyMs: 1 });
  const running = start(['sync'], { ...served.env, ...SMALL_PAGES });
  await running.logged('sync.page');
  running.child.stdout?.destroy();
  const { stderr, code } = await running.finished;
  expect({ stderr, code }).toEqual({ stderr: '', code: 3 });
  expect(query(served.database, 'SELECT status FROM runs')).toEqual([{ status: 'interrupted' }]);

  const status = start(['status'], served.env);
  status.child.stdout?.destroy();
  expect(await status.finished).toMatchObject({ stderr: '', code: 0 });
});

test('an output that is full is said in a line, without a stack', async () => {
  const served = await serveAccount({ images: 5 });
  await served.sync();
  const full = openSync('/dev/full', 'w');
  onTestFinished(() => closeSync(full));
  const { code, stderr } = await runWithStdout(['status'], served.env, full);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^image-inventory: .*ENOSPC.*\n$/) as string,
  });
});

test('two users with one e-mail and two keys are two users', async () => {
  const served = await serveAccount({
    images: 5,
    credentials: { email: 'a@b.test', key: 'key-2' },
  });
  const file = join(served.folder, 'config.json');
  writeFileSync(
    file,
    JSON.stringify({
      accounts: [
        { id: 'first', emailVariable: 'EMAIL', keyVariable: 'KEY_1' },
        { id: ACCOUNT, emailVariable: 'EMAIL', keyVariable: 'KEY_2' },
      ],
    }),
  );
  const env = { EMAIL: 'a@b.test', KEY_1: 'key-1', KEY_2: 'key-2' };
  const { log } = await run(['sync', '--config', file], {
    IMAGE_INVENTORY_DB: served.database,
    CLOUDFLARE_BASE_URL: served.env['CLOUDFLARE_BASE_URL'] ?? '',
    ...env,
  });
  const ends = log().filter(({ event }) => /^sync\.(finished|failed)$/.test(event));
  expect(ends.map(({ event, account_id }) => [event, account_id])).toEqual([
    ['sync.failed', 'first'],
    ['sync.finished', ACCOUNT],
  ]);
});

describe('several accounts', () => {
  test('each is tried, and the first code of the documented order is returned', async () => {
    const served = await serveAccount({ images: 15 });
    const env = { CLOUDFLARE_ACCOUNT_ID: `no-such-account,${ACCOUNT}` };
    const { code, log, stderr } = await served.sync([], env);
    expect(code).toBe(6);
    expect(stderr).toMatch(/^image-inventory: account no-such-account: /);
    const ends = log().filter(({ event }) => /^sync\.(finished|failed)$/.test(event));
    expect(ends.map(({ event, account_id }) => [event, account_id])).toEqual([
      ['sync.failed', 'no-such-account'],
      ['sync.finished', ACCOUNT],
    ]);
  });

  test('--account picks one', async () => {
    const served = await serveAccount({ images: 15 });
    const env = { CLOUDFLARE_ACCOUNT_ID: `no-such-account,${ACCOUNT}` };
    expect((await served.sync(['--account', ACCOUNT], env)).code).toBe(0);
  });
});

describe('the daemon', () => {
  test('runs at its start, says when it runs next, and drains at SIGTERM', async () => {
    const served = await serveAccount({ images: 15 });
    const daemon = start(['daemon'], served.env);
    expect(await daemon.logged('daemon.started')).toMatchObject({ schedule: '0 * * * *' });
    await daemon.logged('sync.finished');
    const { next } = await daemon.logged('daemon.scheduled');
    expect(new Date(String(next)).getUTCMinutes()).toBe(0);
    daemon.child.kill('SIGTERM');
    const { code, log } = await daemon.finished;
    expect(code).toBe(143);
    expect(
      log()
        .map(({ event }) => event)
        .slice(-2),
    ).toEqual(['daemon.stopping', 'daemon.stopped']);
    expect(query(served.database, 'SELECT status FROM runs')).toEqual([{ status: 'complete' }]);
  });

  test('runs when the schedule says so, in a run of its own each time', async () => {
    const served = await serveAccount({ images: 15 });
    const env = { IMAGE_INVENTORY_RUN_ON_START: 'false', IMAGE_INVENTORY_SCHEDULE: '* * * * * *' };
    const daemon = start(['daemon'], { ...served.env, ...env });
    await daemon.logged('sync.finished');
    daemon.child.kill('SIGINT');
    expect((await daemon.finished).code).toBe(130);
  });
});

test('no secret reaches a stream, the database or the lock file', async () => {
  const token = 'cfut_0123456789abcdefSECRET';
  const served = await serveAccount({ credentials: { token } });
  const env = { CLOUDFLARE_API_TOKEN: token };
  const args = ['--log-level', 'trace'];
  const runs = [
    await served.sync(args, env),
    await run(['doctor', '--json'], { ...served.env, ...env }),
  ];
  served.emulator.faults.add({ name: 'error-500' });
  runs.push(
    await served.sync(['--log-level', 'debug'], { ...env, IMAGE_INVENTORY_MAX_RETRIES: '0' }),
  );
  for (const { stdout, stderr } of runs) expect(stdout + stderr).not.toContain('SECRET');
  for (const suffix of ['', '-lock']) {
    expect(readFileSync(served.database + suffix).includes('SECRET')).toBe(false);
  }
});
