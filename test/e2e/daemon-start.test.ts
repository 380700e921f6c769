import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { run, start, type Env } from '../support/program.ts';
import { freePort } from '../support/free-port.ts';
import { serveAccount } from '../support/served-account.ts';

const WRONG: readonly { readonly what: string; readonly env: Env; readonly says: RegExp }[] = [
  { what: 'a schedule', env: { IMAGE_INVENTORY_SCHEDULE: '99 * * * *' }, says: /_SCHEDULE is/ },
  {
    what: 'a schedule for new uploads',
    env: { IMAGE_INVENTORY_QUICK_SCHEDULE: '* * * * wed-mon-fri' },
    says: /IMAGE_INVENTORY_QUICK_SCHEDULE is/,
  },
  {
    what: 'a schedule of the housekeeping',
    env: { IMAGE_INVENTORY_HOUSEKEEPING_SCHEDULE: '60 * * * *' },
    says: /IMAGE_INVENTORY_HOUSEKEEPING_SCHEDULE is/,
  },
  {
    what: 'a webhook without a secret',
    env: { IMAGE_INVENTORY_WEBHOOK_URL: 'https://hooks.test/private' },
    says: /IMAGE_INVENTORY_WEBHOOK_SECRET is not/,
  },
];

test.for(WRONG)('$what that is wrong: exit 2, and nothing is opened', async ({ env, says }) => {
  const served = await serveAccount();
  const { code, stdout, stderr } = await run(['daemon'], { ...served.env, ...env });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(says);
  expect(stderr).not.toContain('private');
  expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  expect(existsSync(served.database)).toBe(false);
  expect(served.emulator.requests).toEqual([]);
});

test.for([
  { what: 'a port that is taken', host: '127.0.0.1', says: /another program listens there/ },
  { what: 'a host that is none', host: 'no.such.invalid', says: /no\.such\.invalid/ },
  { what: 'an address of another machine', host: '192.0.2.1', says: /no such address/ },
])('$what: exit 2, and nobody is asked anything', async ({ host, says }) => {
  const served = await serveAccount();
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const { code, stdout, stderr } = await run(['daemon'], {
    ...served.env,
    IMAGE_INVENTORY_HTTP_HOST: host,
    IMAGE_INVENTORY_HTTP_PORT: String((taken.address() as AddressInfo).port),
  });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(says);
  expect(served.emulator.requests).toEqual([]);
  // The lock is free again.
  expect((await served.sync()).code).toBe(0);
});

test('a database that another daemon has: exit 11, and that one works on', async () => {
  const served = await serveAccount();
  const port = await freePort();
  const first = start(['daemon'], { ...served.env, IMAGE_INVENTORY_HTTP_PORT: String(port) });
  await first.logged('daemon.scheduled');
  const { code, stderr } = await run(['daemon'], served.env);
  expect(code).toBe(11);
  expect(stderr).toContain(`process ${String(first.child.pid)} on `);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
});
