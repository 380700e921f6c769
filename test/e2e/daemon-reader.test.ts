import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { EVERY_SECOND, startDaemon } from '../support/daemon.ts';
import { query } from '../support/inventory.ts';
import { serveAccount } from '../support/served-account.ts';

const READER = fileURLToPath(new URL('../support/holding-reader.ts', import.meta.url));
/** What the daemon lets its write-ahead log grow to, if it can help it. */
const LARGEST_WAL = 64 * 1024 * 1024;

test('a reader that does not leave: no run fails, the log grows and is told of, and is cut back when it has left', async () => {
  const served = await serveAccount({ images: 2000 });
  const { account, database } = served;
  const ids = account.all().map(({ id }) => id);
  /** Some ten kilobytes of every image are others from now on. */
  const move = (round: number): void => {
    const text = `${round} ${'x'.repeat(10_000)}`;
    for (const id of ids) account.patch(id, { meta: { text } });
  };
  const walBytes = (): number => statSync(`${database}-wal`).size;
  const daemon = startDaemon(served, {
    IMAGE_INVENTORY_SCHEDULE: EVERY_SECOND,
    IMAGE_INVENTORY_LOG_CHANGES: '0',
  });
  await daemon.logged('daemon.scheduled');
  const reader = spawn(execPath, [READER, database], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void reader.kill('SIGKILL'));
  await once(reader.stdout, 'data');

  account.upload({ id: 'new' });
  for (let round = 1; walBytes() <= LARGEST_WAL; round += 1) {
    move(round);
    await daemon.next('daemon.scheduled', 2);
  }
  expect(await daemon.logged('daemon.wal')).toMatchObject({ level: 'warn' });
  // eslint-disable-next-line no-console -- a figure that is good to know, and no promise
  console.info(`beside a reader the write-ahead log grew to ${walBytes()} bytes`);
  expect(query(database, 'SELECT count(*) AS n FROM images')).toEqual([{ n: 2001 }]);
  reader.stdin.write('?');
  expect(String((await once(reader.stdout, 'data'))[0])).toBe('2000\n');

  reader.kill('SIGKILL');
  await once(reader, 'close');
  await daemon.next('daemon.scheduled', 2);
  expect(walBytes()).toBeLessThanOrEqual(LARGEST_WAL);
  const { code, stdout, stderr } = await daemon.stop();
  expect({ code, stderr }).toEqual({ code: 143, stderr: '' });
  expect(stdout).not.toMatch(/SQLITE_|locked/);
  const ends = query(
    database,
    "SELECT count(*) AS n FROM runs WHERE status NOT IN ('complete', 'interrupted')",
  );
  expect(ends).toEqual([{ n: 0 }]);
}, 60_000);
