import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { WebhookEvent } from '../../src/notify/events.ts';
import {
  PRIVATE_PATH,
  PRIVATE_QUERY,
  receive,
  silence,
  status,
  unheardUrl,
  type Step,
} from './receiving.ts';
import { changed, NOTICES, SECRET, send } from './sending.ts';

const runsIn = (bodies: readonly { body: string }[]): unknown[] =>
  bodies.map(({ body }) => (JSON.parse(body) as { run_id: number }).run_id);
const typesOf = (events: readonly WebhookEvent[]): string[] => events.map(({ type }) => type);

describe('one notice', () => {
  test('is posted as JSON, with a signature that anybody with the secret can check', async () => {
    const { url, posts } = await receive();
    const { delivery, clock, settled } = send(url);
    delivery.notify(changed(7));
    await settled(1);

    expect(posts).toHaveLength(1);
    const [post] = posts;
    const body = post?.body ?? '';
    const id = post?.headers['webhook-id'] as string;
    const timestamp = String(clock.now() / 1000);
    const key = Buffer.from(SECRET.replace('whsec_', ''), 'base64');
    const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    expect(post).toMatchObject({
      method: 'POST',
      path: `${PRIVATE_PATH}?${PRIVATE_QUERY}`,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'image-inventory/test',
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${hmac}`,
      },
    });
    expect(JSON.parse(body)).toMatchObject({ id, event: 'changed', run_id: 7 });
  });

  test('is nobody’s who did not ask for its event', async () => {
    const { url, posts } = await receive();
    const { delivery, settled } = send(url, { events: ['held', 'recovered'] });
    for (const notice of NOTICES) delivery.notify(notice);
    await settled(2);
    expect(posts.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { event: 'held' },
      { event: 'recovered' },
    ]);
  });
});

describe('many notices', () => {
  test('arrive in order, one after the other', async () => {
    let under = 0;
    let most = 0;
    const slowly: Step = (_request, response) => {
      under += 1;
      most = Math.max(most, under);
      setImmediate(() => {
        under -= 1;
        response.end();
      });
    };
    const { url, posts } = await receive(slowly);
    const { delivery, settled } = send(url);
    for (let run = 1; run <= 20; run += 1) delivery.notify(changed(run));
    await settled(20);
    expect(runsIn(posts)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    const ids = new Set(posts.map(({ headers }) => headers['webhook-id']));
    expect(ids.size).toBe(20);
    // A full stop in one would blur what was signed.
    for (const id of ids) expect(id).toMatch(/^[\da-f-]{36}$/);
    expect(most).toBe(1);
  });

  test('wait behind one that is tried again', async () => {
    const { url, posts } = await receive(status(503), status(503), status(200));
    const { delivery, settled } = send(url);
    for (const run of [1, 2]) delivery.notify(changed(run));
    await settled(2);
    expect(runsIn(posts)).toEqual([1, 1, 1, 2]);
  });

  test('are delivered also after a rest', async () => {
    const { url, posts } = await receive();
    const { delivery, settled } = send(url);
    for (const run of [1, 2, 3]) {
      delivery.notify(changed(run));
      await settled(run);
    }
    expect(runsIn(posts)).toEqual([1, 2, 3]);
  });
});

describe('a notice that did not arrive', () => {
  test('is sent again: the same id and body, a fresh timestamp and signature', async () => {
    const { url, posts } = await receive(status(503), status(204));
    const { delivery, events, settled } = send(url);
    delivery.notify(changed());
    await settled(1);

    const [first, second] = posts;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    const seconds = posts.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(seconds).toEqual([seconds[0], (seconds[0] ?? 0) + 5]);
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
    expect(events).toMatchObject([
      {
        type: 'webhook.retry',
        attempt: 1,
        status: 503,
        reason: 'HTTP 503',
        waitMs: 5000,
      },
      { type: 'webhook.delivered', attempt: 2, status: 204 },
    ]);
  });

  test('is given up after ten attempts, and the next one has its turn', async () => {
    const { url, posts } = await receive(...Array<Step>(10).fill(status(500)), status(200));
    const { delivery, clock, events, settled } = send(url);
    delivery.notify(changed(1));
    delivery.notify(changed(2));
    await settled(2);

    const seconds = [5, 10, 20, 40, 80, 160, 320, 600, 600];
    expect(clock.waits).toEqual(seconds.map((wait) => wait * 1000));
    expect(runsIn(posts)).toEqual([...Array<number>(10).fill(1), 2]);
    expect(events.slice(-2)).toMatchObject([
      { type: 'webhook.failed', attempt: 10, reason: 'HTTP 500', notice: { runId: 1 } },
      { type: 'webhook.delivered', attempt: 1, notice: { runId: 2 } },
    ]);
  });

  test('is given up at once when the receiver does not want it', async () => {
    const { url, posts } = await receive(status(410), status(200));
    const { delivery, clock, events, settled } = send(url);
    delivery.notify(changed(1));
    delivery.notify(changed(2));
    await settled(2);
    expect(runsIn(posts)).toEqual([1, 2]);
    expect(clock.waits).toEqual([]);
    expect(events[0]).toMatchObject({ type: 'webhook.failed', attempt: 1, status: 410 });
  });

  test('waits for as long as the receiver asks', async () => {
    const { url } = await receive(status(429, { 'retry-after': '42' }), status(200));
    const { delivery, clock, settled } = send(url);
    delivery.notify(changed());
    await settled(1);
    expect(clock.waits).toEqual([42_000]);
  });

  test('does not follow a redirect, nor does its signature', async () => {
    const elsewhere = await receive();
    const { url } = await receive(status(307, { location: elsewhere.url }));
    const { delivery, events, settled } = send(url);
    delivery.notify(changed());
    await settled(1);
    expect(elsewhere.posts).toEqual([]);
    expect(events).toMatchObject([{ type: 'webhook.failed', reason: 'HTTP 307', attempt: 1 }]);
  });
});

describe('a receiver that is no good', () => {
  test('that does not answer in time is asked again', async () => {
    const { url, posts } = await receive(silence, status(200));
    const { delivery, events, settled } = send(url, { timeoutMs: 100 });
    delivery.notify(changed());
    await settled(1);
    expect(posts).toHaveLength(2);
    expect(events[0]).toMatchObject({ status: undefined, reason: 'no answer within 0.1 s' });
    expect(typesOf(events)).toEqual(['webhook.retry', 'webhook.delivered']);
  });

  test('that is not there is asked ten times', async () => {
    const { delivery, events, settled } = send(await unheardUrl());
    delivery.notify(changed());
    await settled(1);
    expect(typesOf(events).filter((type) => type === 'webhook.retry')).toHaveLength(9);
    expect(events.at(-1)).toMatchObject({ type: 'webhook.failed', reason: 'ECONNREFUSED' });
  });

  test('that hangs up is asked again', async () => {
    const { url } = await receive(({ socket }) => socket.destroy(), status(200));
    const { delivery, events, settled } = send(url);
    delivery.notify(changed());
    await settled(1);
    expect(events).toMatchObject([
      {
        type: 'webhook.retry',
        status: undefined,
        reason: expect.stringMatching(/^[A-Z_]+$/) as string,
      },
      { type: 'webhook.delivered' },
    ]);
  });

  test('that answers without end is cut off, and has the notice', async () => {
    const cutOff = Promise.withResolvers<undefined>();
    let written = 0;
    const endlessly: Step = (_request, response) => {
      response.on('close', () => cutOff.resolve(undefined));
      const pour = (): void => {
        if (response.destroyed) return;
        written += 1;
        response.write('x'.repeat(65_536));
        setImmediate(pour);
      };
      pour();
    };
    const { url } = await receive(endlessly, status(200));
    const { delivery, events, settled } = send(url);
    delivery.notify(changed(1));
    delivery.notify(changed(2));
    await settled(2);
    await cutOff.promise;
    expect(typesOf(events)).toEqual(['webhook.delivered', 'webhook.delivered']);
    expect(written).toBeLessThan(1000);
  });

  test('that never ends its answer has the notice all the same', async () => {
    const { url } = await receive((_request, response) => void response.write('{'), status(200));
    const { delivery, events, settled } = send(url, { timeoutMs: 100 });
    delivery.notify(changed());
    await settled(1);
    expect(typesOf(events)).toEqual(['webhook.delivered']);
  });
});
