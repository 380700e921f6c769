import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EMULATED_CREDENTIALS } from '../../src/emulator/defaults.ts';
import { receive, status } from '../notify/receiving.ts';
import { EVERY_SECOND, startConfigured, YEARLY } from '../support/daemon.ts';
import { parseExposition } from '../support/exposition.ts';
import { freePort } from '../support/free-port.ts';
import { query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

const OTHER = 'a'.repeat(32);
/** Small pages, and two accounts of a user at once. */
const PAGES = { api: { perPage: 10 }, rateLimit: { concurrency: 2 } };
const FILE = { accounts: [{ id: ACCOUNT }], schedule: { full: YEARLY } };

test('a new schedule and log level count at once', async () => {
  const served = await serveAccount({ images: 30 });
  const daemon = startConfigured(served, { ...FILE, log: { level: 'error' } });
  await once(served.emulator, 'request');
  const schedule = { full: EVERY_SECOND, timezone: 'Europe/Paris' };
  const answer = await daemon.reload({ ...FILE, schedule });
  expect(answer).toMatchObject({ event: 'daemon.reloaded', schedule: EVERY_SECOND, accounts: 1 });
  expect(daemon.lines[0]).toEqual(answer);
  await daemon.next('sync.finished', 2);
  await daemon.stop();
});

test('accounts come and go: a new one is read at once, a gone one is stopped, and no run is disturbed', async () => {
  const served = await serveAccount({ images: 30 });
  served.emulator.addAccount({ id: OTHER, images: 30, seed: 2 });
  const port = await freePort();
  const file = { ...FILE, ...PAGES, http: { port } };
  served.emulator.faults.add({ name: 'hang', path: /page=3&/, times: 1 });
  const daemon = startConfigured(served, file);
  for (let path = ''; !path.includes('page=3&');) {
    [, path] = (await once(served.emulator, 'request')) as [string, string];
  }

  const both = [{ id: ACCOUNT }, { id: OTHER, name: 'Shop' }];
  await daemon.reload({ ...file, accounts: both });
  expect(await daemon.logged('sync.finished')).toMatchObject({ account_id: OTHER, listed: 30 });
  const underWay = 'SELECT status FROM runs WHERE account_id = ?';
  expect(query(served.database, underWay, ACCOUNT)).toEqual([{ status: 'running' }]);

  const gone = daemon.next('sync.incomplete');
  await daemon.reload({ ...file, accounts: [{ id: OTHER, name: 'Shop' }] });
  expect(await gone).toMatchObject({ account_id: ACCOUNT, error_code: 'STOPPED' });
  const shown = await shownAccounts(port);
  expect(shown).toEqual(new Set([OTHER]));
  await daemon.reload({ ...file, accounts: both });
  const resumed = { account_id: ACCOUNT, resumed_run: 1 };
  expect(await daemon.logged('sync.started', 3)).toMatchObject(resumed);
  const { log } = await daemon.stop();
  // Being stopped is no failure of which anybody is told.
  expect(log().filter(({ level }) => level === 'error')).toEqual([]);
});

test('a new token from its file mends what was refused, and neither is told', async () => {
  const served = await serveAccount({ images: 5 });
  const secret = join(served.folder, 'token');
  writeFileSync(secret, 'cfut_a-wrong-one-SECRET');
  const daemon = startConfigured(served, FILE, { CLOUDFLARE_API_TOKEN_FILE: secret });
  expect(await daemon.logged('daemon.failing')).toMatchObject({ error_code: 'ACCESS_REFUSED' });
  writeFileSync(secret, `${EMULATED_CREDENTIALS.token}\n`);
  await daemon.reload(FILE);
  expect(await daemon.next('daemon.recovered')).toMatchObject({ failures: 1 });
  const { stdout, stderr } = await daemon.stop();
  expect(stdout + stderr).not.toMatch(/SECRET|emulated-token/);
});

test('the server comes, moves and goes', async () => {
  const served = await serveAccount({ images: 5 });
  const [first, second] = [await freePort(), await freePort()];
  const daemon = startConfigured(served, FILE);
  await daemon.logged('daemon.scheduled');
  const isServing = (port: number): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/livez`).then(
      ({ ok }) => ok,
      () => false,
    );
  await daemon.reload({ ...FILE, http: { port: first } });
  expect(await isServing(first)).toBe(true);
  await daemon.reload({ ...FILE, http: { port: second } });
  expect([await isServing(first), await isServing(second)]).toEqual([false, true]);
  await daemon.reload({ ...FILE, http: { port: second }, log: { changes: 5 } });
  expect(await isServing(second)).toBe(true);
  await daemon.reload(FILE);
  expect(await isServing(second)).toBe(false);
  const { log } = await daemon.stop();
  expect(log().filter(({ event }) => event === 'http.started')).toHaveLength(2);
});

test('the webhook moves: what is found next is told at its new address only', async () => {
  const [before, after] = [await receive(status(204)), await receive(status(204))];
  const served = await serveAccount({ images: 5 });
  const env = {
    CLOUDFLARE_API_TOKEN: EMULATED_CREDENTIALS.token,
    IMAGE_INVENTORY_WEBHOOK_SECRET: 'a-long-secret',
  };
  const file = { ...FILE, schedule: { full: EVERY_SECOND } };
  const daemon = startConfigured(served, { ...file, webhook: { url: before.url } }, env);
  await daemon.logged('sync.finished');
  served.account.upload({ id: 'first' });
  await before.arrived(1);
  await daemon.reload({ ...file, webhook: { url: after.url } });
  served.account.upload({ id: 'second' });
  await after.arrived(1);
  await daemon.stop();
  expect([before.posts.length, after.posts.length]).toEqual([1, 1]);
});

/** The accounts that anything is told of. */
async function shownAccounts(port: number): Promise<Set<string | undefined>> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  const samples = [...parseExposition(await answer.text()).values()].flatMap(
    ({ samples }) => samples,
  );
  return new Set(
    samples.flatMap(({ labels: { account_id: id } }) => (id === undefined ? [] : [id])),
  );
}
