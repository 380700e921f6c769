import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { EVERY_SECOND, startConfigured, startDaemon, YEARLY } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

const CHECKPOINTS = new URL('../support/checkpoints.ts', import.meta.url).href;
const FILE = { accounts: [{ id: ACCOUNT }], schedule: { full: YEARLY } };

test('twenty SIGHUPs at once are harmless, and the last file counts', async () => {
  const served = await serveAccount();
  const daemon = startConfigured(served, FILE);
  await daemon.logged('sync.finished');
  for (let count = 0; count < 20; count += 1) {
    daemon.write({ ...FILE, log: { changes: count } });
    daemon.child.kill('SIGHUP');
    if (count % 3 === 0) await turn();
  }
  expect(await daemon.reload({ ...FILE, schedule: { full: EVERY_SECOND } })).toBeDefined();
  await daemon.next('sync.finished');
  const { code, stderr, log } = await daemon.stop();
  expect({ code, stderr }).toEqual({ code: 143, stderr: '' });
  expect(log().filter(({ level }) => level === 'error')).toEqual([]);
  expect(query(served.database, "SELECT 1 FROM runs WHERE status <> 'complete'")).toEqual([]);
});

test('SIGHUP with SIGTERM: it ends, by itself and in order', async () => {
  const served = await serveAccount();
  const daemon = startConfigured(served, FILE);
  await daemon.logged('daemon.scheduled');
  daemon.child.kill('SIGTERM');
  for (let count = 0; count < 20; count += 1) daemon.child.kill('SIGHUP');
  const { code, stderr, log } = await daemon.finished;
  expect({ code, stderr }).toEqual({ code: 143, stderr: '' });
  expect(log().at(-1)).toMatchObject({ event: 'daemon.stopped' });
  expect(log()).not.toContainEqual(expect.objectContaining({ event: 'daemon.refused' }));
});

test('SIGHUP before the daemon is at work waits until it is', async () => {
  const served = await serveAccount();
  const daemon = startDaemon(served, {
    NODE_OPTIONS: `--import=${CHECKPOINTS}`,
    CRASH_AT: 'db: create table accounts#1',
    CRASH_SIGNAL: 'SIGHUP',
    // A name takes a moment to resolve, in which signals come.
    IMAGE_INVENTORY_HTTP_HOST: 'localhost',
    IMAGE_INVENTORY_HTTP_PORT: String(await freePort()),
  });
  await daemon.logged('daemon.reloaded');
  const { code, stderr } = await daemon.stop();
  expect({ code, stderr }).toEqual({ code: 143, stderr: '' });
});
