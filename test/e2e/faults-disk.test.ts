import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process, { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { query } from '../support/inventory.ts';
import type { Launch } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';
import { envOf, expectEqual, lastRun, LISTS, published } from '../support/strike.ts';

const [V1] = LISTS;

/** No file may grow beyond so many KiB: what SQLite writes behind that fails, as on a full disk. */
const withRoom = (kib: number): Launch => ({
  through: ['bash', '-c', `trap "" XFSZ; ulimit -f ${kib}; exec "$@"`, 'bash'],
});

/** A published inventory, and changes that take more room than it has so far. */
async function serveGrown(): Promise<ServedAccount> {
  const served = await serveAccount({ images: 200 });
  await served.sync([], envOf(V1));
  for (let n = 0; n < 300; n += 1) {
    served.account.upload({ id: `new-${n}`, meta: { text: 'm'.repeat(900) } });
  }
  for (const { id } of served.account.all().slice(-5)) served.account.delete(id);
  return served;
}

describe.skipIf(process.platform === 'win32')('a full disk', () => {
  // From the lock's own file to the transaction that publishes: each limit is hit somewhere else.
  test.for([4, 32, 64, 128, 400, 1200])('%i KiB a file: exit 1, nothing lost', async (kib) => {
    const served = await serveGrown();
    const before = published(served);
    const { code, stderr } = await served.sync([], envOf(V1), withRoom(kib));
    expect(code).toBe(1);
    expect(stderr).toContain(`the database ${served.database}`);
    expect(stderr).toContain('Check the disk');
    expect(published(served)).toEqual(before);

    expect((await served.sync([], envOf(V1))).code).toBe(0);
    expectEqual(served);
  });

  test.for(LISTS)('no room for what a $api scan has read: exit 1, nothing lost', async (list) => {
    // Nothing has changed, so that nothing but the file beside the database grows.
    const served = await serveAccount({ images: 300 });
    await served.sync([], envOf(list));
    const before = published(served);
    const { code, stderr } = await served.sync([], envOf(list), withRoom(48));
    expect(code).toBe(1);
    expect(stderr).toContain(`the database ${served.database}-scan could not be read or written`);
    expect(published(served)).toEqual(before);
    expect(lastRun(served)).toMatchObject({
      status: 'failed',
      error_code: 'DATABASE_WRITE_FAILED',
    });

    expect((await served.sync([], envOf(list))).code).toBe(0);
    expectEqual(served);
    expect(existsSync(`${served.database}-scan`)).toBe(false);
  });
});

test('what was read cannot be forgotten: a published run stays one', async () => {
  const served = await serveGrown();
  // A folder where SQLite would have a journal cannot be deleted like a file.
  const obstacle = `${served.database}-scan-journal`;
  served.emulator.on('request', (_method, path) => {
    if (path.includes('page=9&')) mkdirSync(obstacle, { recursive: true });
  });
  expect(await served.sync([], envOf(V1))).toMatchObject({ code: 0, stderr: '' });
  expect(existsSync(obstacle)).toBe(true);
  expectEqual(served);
  expect(lastRun(served)).toMatchObject({ status: 'complete', removed: 5 });

  served.emulator.removeAllListeners('request');
  rmSync(obstacle, { recursive: true });
  expect((await served.sync([], envOf(V1))).code).toBe(0);
  expectEqual(served);
});

/** Root may write everything, so as root the program runs as somebody else. */
const NOBODY = process.getuid?.() === 0 ? 65_534 : undefined;
const AS_NOBODY: Launch = NOBODY === undefined ? {} : { user: NOBODY };

function giveAway({ folder }: ServedAccount): void {
  if (NOBODY === undefined) return;
  for (const file of ['', ...readdirSync(folder)]) chownSync(join(folder, file), NOBODY, NOBODY);
}

/** Whether that somebody may read the program at all. */
function mayRun(): boolean {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const { status } = spawnSync(execPath, [main, '--version'], { uid: NOBODY, gid: NOBODY });
  return status === 0;
}

describe.skipIf(process.platform === 'win32' || !mayRun())('a database that is read-only', () => {
  async function serveOwned(): Promise<ServedAccount> {
    const served = await serveAccount({ images: 60 });
    giveAway(served);
    expect((await served.sync([], envOf(V1), AS_NOBODY)).code).toBe(0);
    served.account.upload({ id: 'new' });
    for (const { id } of served.account.all().slice(-5)) served.account.delete(id);
    return served;
  }

  async function expectMended(served: ServedAccount): Promise<void> {
    served.emulator.removeAllListeners('request');
    chmodSync(served.folder, 0o755);
    // SQLite gives its side files the mode of the database, also those that the test's own reading made.
    for (const file of readdirSync(served.folder)) chmodSync(join(served.folder, file), 0o644);
    giveAway(served);
    expect((await served.sync([], envOf(V1), AS_NOBODY)).code).toBe(0);
    expectEqual(served);
  }

  const readOnly = {
    'its file': ({ database }: ServedAccount) => chmodSync(database, 0o444),
    'its folder': ({ folder }: ServedAccount) => chmodSync(folder, 0o555),
  };

  test.for(Object.entries(readOnly))('%s, before a run: exit 2', async ([, forbid]) => {
    const served = await serveOwned();
    const before = published(served);
    giveAway(served);
    forbid(served);
    const { code, stderr } = await served.sync([], envOf(V1), AS_NOBODY);
    expect(code).toBe(2);
    expect(stderr).toContain(`the database ${served.database}`);
    expect(stderr).toContain('Check the permissions of the file and its folder');
    expect(published(served)).toEqual(before);
    await expectMended(served);
  });

  test('its folder, when a run begins to read: exit 2', async () => {
    const served = await serveOwned();
    const before = published(served);
    giveAway(served);
    served.emulator.on('request', (_method, path) => {
      if (path.includes('page=1&')) readOnly['its folder'](served);
    });
    const { code, stderr } = await served.sync([], envOf(V1), AS_NOBODY);
    expect(code).toBe(2);
    expect(stderr).toContain(`the database ${served.database}-scan cannot be opened or created`);
    expect(published(served)).toEqual(before);
    await expectMended(served);
  });

  test('file and folder, when all files are open: the run completes', async () => {
    const served = await serveOwned();
    giveAway(served);
    served.emulator.on('request', (_method, path) => {
      if (!path.includes('page=4&')) return;
      readOnly['its file'](served);
      readOnly['its folder'](served);
    });
    expect(await served.sync([], envOf(V1), AS_NOBODY)).toMatchObject({ code: 0, stderr: '' });
    expectEqual(served);
    const runs = query(served.database, 'SELECT status FROM runs');
    expect(runs).toEqual([{ status: 'complete' }, { status: 'complete' }]);
    await expectMended(served);
  });
});
