import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { startConfigured, YEARLY } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

const SECRET = 'cfut_0123456789abcdefghijklmnopqrstuvwxyz';

test('a configuration that is wrong is refused as a whole and with a reason; everything goes on as before', async () => {
  const served = await serveAccount({ images: 30 });
  const port = await freePort();
  const taken = await takenPort();
  const file = {
    database: served.database,
    accounts: [{ id: ACCOUNT }],
    schedule: { full: YEARLY },
    http: { port },
    api: { perPage: 10 },
    rateLimit: { concurrency: 1 },
  };
  served.emulator.faults.add({ name: 'hang', path: /page=3&/, times: 1 });
  const daemon = startConfigured(served, file);
  await daemon.logged('sync.page');

  const wrong: readonly [content: string | object, says: RegExp][] = [
    [`{"accounts": ["${SECRET}`, /not JSON/],
    ['', /not JSON/],
    [{ ...file, shcedule: {} }, /no setting "shcedule"/],
    [{ ...file, accounts: [{ id: SECRET }] }, /"accounts.0.id" is wrong/],
    [{ ...file, accounts: [] }, /no account is configured/],
    [{ ...file, accounts: [{ id: ACCOUNT, tokenVariable: 'UNSET' }] }, /no credentials.*/],
    [{ ...file, schedule: { full: '0 99 * * *' } }, /IMAGE_INVENTORY_SCHEDULE/],
    [{ ...file, schedule: { quick: '61 * * * *' } }, /IMAGE_INVENTORY_QUICK_SCHEDULE/],
    [{ ...file, schedule: { full: YEARLY, timezone: 'Mars/Base' } }, /timezone/],
    [{ ...file, database: `${served.database}2` }, /another database/],
    [{ ...file, webhook: { url: `https://hooks.test/${SECRET}` } }, /WEBHOOK_SECRET/],
    [{ ...file, http: { port: taken } }, new RegExp(`port ${taken}: another program`)],
    [{ ...file, http: { port, host: 'no.such.invalid' } }, /no\.such\.invalid/],
  ];
  for (const [content, says] of wrong) {
    const answer = await daemon.reload(content);
    expect(answer).toMatchObject({ event: 'daemon.refused', error_code: 'CONFIG_INVALID' });
    expect(answer['error_message']).toMatch(says);
  }

  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  expect(query(served.database, 'SELECT run_id, status FROM runs')).toEqual([
    { run_id: 1, status: 'running' },
  ]);
  const { code, stdout, stderr, log } = await daemon.stop();
  expect({ code, stderr }).toEqual({ code: 143, stderr: '' });
  expect(stdout).not.toContain(SECRET.slice(5));
  // The server has moved only where the new one would have had to take its port: once there, once back.
  expect(log().filter(({ event }) => event === 'http.started')).toHaveLength(2);
});

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
