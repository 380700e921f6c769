import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { receive, status, type Post } from '../notify/receiving.ts';
import { EVERY_SECOND, startDaemon } from '../support/daemon.ts';
import { parseExposition } from '../support/exposition.ts';
import { freePort } from '../support/free-port.ts';
import { serveAccount } from '../support/served-account.ts';

const KEY = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

test('the API goes away and comes back: told once each, by the log, the figures, the health and the webhook', async () => {
  const receiver = await receive(status(204));
  const served = await serveAccount({ images: 200 });
  const port = await freePort();
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
  const failures = async (): Promise<number | undefined> => {
    const families = parseExposition(await (await ask('/metrics')).text());
    return families.get('image_inventory_consecutive_failures')?.samples[0]?.value;
  };
  const daemon = startDaemon(served, {
    IMAGE_INVENTORY_SCHEDULE: EVERY_SECOND,
    IMAGE_INVENTORY_MAX_RETRIES: '0',
    IMAGE_INVENTORY_HTTP_PORT: String(port),
    IMAGE_INVENTORY_READY_MAX_AGE: '3',
    IMAGE_INVENTORY_REMOVAL_MAX_COUNT: '5',
    IMAGE_INVENTORY_WEBHOOK_URL: receiver.url,
    IMAGE_INVENTORY_WEBHOOK_SECRET: `whsec_${KEY}`,
  });
  await daemon.logged('sync.finished', 2);
  expect((await ask('/readyz')).status).toBe(200);
  expect(await failures()).toBe(0);

  served.emulator.faults.add({ name: 'html-502' });
  const { account_id } = await daemon.logged('daemon.failing');
  // The fifth failure in a row is at least four seconds behind the last success.
  await daemon.next('sync.incomplete', 4);
  const unready = await ask('/readyz');
  expect(unready.status).toBe(503);
  expect(await unready.json()).toMatchObject({
    ready: false,
    accounts: [
      { account_id, reason: expect.stringMatching(/more than the allowed 3\.0 s$/) as string },
    ],
  });
  expect((await ask('/livez')).status).toBe(200);
  expect(await failures()).toBeGreaterThanOrEqual(3);

  served.emulator.faults.clear();
  const recovered = await daemon.logged('daemon.recovered');
  await daemon.next('sync.finished');
  expect((await ask('/readyz')).status).toBe(200);
  expect(await failures()).toBe(0);

  for (const { id } of served.account.all().slice(0, 3)) served.account.delete(id);
  served.account.upload({ id: 'new' });
  await daemon.next('image.added');
  for (const { id } of served.account.all().slice(0, 50)) served.account.delete(id);
  await daemon.next('sync.held', 2);
  await receiver.arrived(4);
  const { code, log, stderr } = await daemon.stop();
  expect({ code, stderr }).toEqual({ code: 143, stderr: '' });

  const count = (event: string): number => log().filter((line) => line.event === event).length;
  const outage = count('sync.incomplete');
  expect(recovered).toMatchObject({ failures: outage });
  expect([count('daemon.failing'), count('daemon.recovered')]).toEqual([2, 1]);
  const notices = receiver.posts.map(readSigned);
  expect(notices).toMatchObject([
    { event: 'failed', status: 'incomplete', account_id },
    { event: 'recovered', status: 'complete', failures: { count: outage } },
    { event: 'changed', counts: { added: 1, removed: 3, changed: 0, restored: 0 } },
    { event: 'held', status: 'held', error_code: 'HELD' },
  ]);
});

/** The notice that a post brings, if its signature is right. */
function readSigned({ body, headers }: Post): unknown {
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const hmac = createHmac('sha256', Buffer.from(KEY, 'base64')).update(signed);
  expect(headers['webhook-signature']).toBe(`v1,${hmac.digest('base64')}`);
  return JSON.parse(body);
}
