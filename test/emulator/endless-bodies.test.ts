import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { drippingBody, hugeBody, sendBody } from '../../src/emulator/endless-bodies.ts';

interface Exchange {
  readonly response: ServerResponse;
  /** The client, which has asked and waits. */
  readonly asked: ReturnType<typeof get>;
}

/** A request that arrived, for the test to answer. */
async function exchange(): Promise<Exchange> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const arrived = once(server, 'request') as Promise<[unknown, ServerResponse]>;
  const asked = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  asked.on('error', () => undefined);
  return { response: (await arrived)[1], asked };
}

/** A body that says whether anybody still takes it. */
function watched(body: Iterable<Buffer> | AsyncIterable<Buffer>) {
  const { promise: stopped, resolve } = Promise.withResolvers<undefined>();
  const seen = { chunks: 0 };
  async function* watch(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of body) {
        seen.chunks += 1;
        yield chunk;
      }
    } finally {
      resolve(undefined);
    }
  }
  return { body: watch(), seen, stopped };
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024, 'x');
}

describe('a body', () => {
  it.each([
    ['endless', () => endless()],
    ['huge', () => hugeBody()],
    ['dripping', () => drippingBody('x'.repeat(10_000))],
  ])('that is %s stops when its client goes away', async (_, make) => {
    const { response, asked } = await exchange();
    const { body, seen, stopped } = watched(make());
    sendBody(response, body);
    const [message] = (await once(asked, 'response')) as [IncomingMessage];
    await once(message, 'data');
    message.destroy();

    await stopped;
    expect(seen.chunks).toBeLessThan(500);
  });

  it('waits for a client that does not read on', async () => {
    const { response, asked } = await exchange();
    const { body, seen } = watched(endless());
    sendBody(response, body);
    const [message] = (await once(asked, 'response')) as [IncomingMessage];
    message.pause();
    let before = -1;
    while (before !== seen.chunks) {
      before = seen.chunks;
      await wait(200);
    }

    // What the buffers of both sides hold, and nothing near 300 MB.
    expect(seen.chunks * 64).toBeLessThan(50_000);
    message.destroy();
  });

  it('is not begun for a client that has gone before', async () => {
    const { response, asked } = await exchange();
    const closed = once(response, 'close');
    asked.destroy();
    await closed;
    const { body, seen } = watched(endless());
    sendBody(response, body);
    await wait(50);

    expect(seen.chunks).toBe(0);
  });
});

it('a huge body looks like a list, and is 300 MB of it', () => {
  let bytes = 0;
  let largest = 0;
  const ends: Buffer[] = [];
  for (const chunk of hugeBody()) {
    bytes += chunk.length;
    largest = Math.max(largest, chunk.length);
    if (ends.length < 2) ends.push(chunk);
    else ends[2] = chunk;
  }

  expect(bytes).toBeGreaterThanOrEqual(300 * 1024 * 1024);
  expect(largest).toBeLessThan(1024 * 1024);
  expect(JSON.parse(Buffer.concat(ends).toString())).toMatchObject({ success: true });
});
