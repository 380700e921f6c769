import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/inventory/credentials.ts';
import { logWebhook } from '../../src/observe/webhook-log.ts';
import type { WebhookEvent } from '../../src/notify/events.ts';
import { recordLog } from '../support/log.ts';
import {
  PRIVATE_PATH,
  PRIVATE_QUERY,
  receive,
  silence,
  status,
  unheardUrl,
  type Step,
} from './receiving.ts';
import { NOTICES, SECRET, send } from './sending.ts';

/** A receiver that says everything it was told, wherever it can. */
const chatty: Step = ({ url = '', headers }, response) => {
  const said = `${url} ${JSON.stringify(headers)}`;
  response.statusMessage = url;
  response.writeHead(503, { location: url, 'x-said': said }).end(said);
};

const receivers: readonly (readonly [string, () => Promise<string>])[] = [
  ['is well', async () => (await receive()).url],
  ['repeats what it was told', async () => (await receive(chatty)).url],
  ['redirects', async () => (await receive(status(301, { location: '/x' }))).url],
  ['refuses', async () => (await receive(status(404))).url],
  ['is silent', async () => (await receive(silence)).url],
  ['speaks no HTTP', async () => (await receive(({ socket }) => socket.end('hello\r\n\r\n'))).url],
  ['is not there', () => unheardUrl()],
  ['speaks no TLS', async () => (await receive()).url.replace('http:', 'https:')],
  ['has no address', () => Promise.resolve(`https://very-private.invalid${PRIVATE_PATH}`)],
];

describe('nothing of the address and the secret is told', () => {
  test.for(receivers)('of a receiver that %s', async ([, open]) => {
    const url = await open();
    const { logger, lines } = recordLog();
    const events: WebhookEvent[] = [];
    const settled = Promise.withResolvers<undefined>();
    const isSettled = ({ type }: WebhookEvent): boolean =>
      type === 'webhook.delivered' || type === 'webhook.failed';
    const { delivery } = send(url, {
      timeoutMs: 50,
      capacity: 2,
      secret: new Secret(SECRET),
      emit: (event) => {
        events.push(event);
        logWebhook(logger, event);
        if (isSettled(event)) settled.resolve(undefined);
      },
    });
    for (const notice of NOTICES) delivery.notify(notice);
    await settled.promise;
    await delivery.close();

    expect(lines.length).toBeGreaterThan(1);
    const said = JSON.stringify([lines, events]);
    for (const secret of [
      new URL(url).host,
      PRIVATE_PATH,
      PRIVATE_QUERY,
      'private',
      SECRET,
      SECRET.slice(6),
      'v1,',
    ]) {
      expect(said).not.toContain(secret);
    }
  });
});
