import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTransport, type Transport } from '../../src/cloudflare/transport.ts';
import { Secret, type Credentials } from '../../src/inventory/credentials.ts';

const TOKEN: Credentials = { kind: 'token', token: new Secret('t0ken') };
const MAX_BYTES = 100_000;

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function connect(origin: string, credentials = TOKEN, timeoutMs = 10_000): Transport {
  const transport = createTransport({
    baseUrl: `${origin}/client/v4`,
    credentials,
    userAgent: 'test/1',
    connections: 2,
    timeoutMs,
    maxBytes: MAX_BYTES,
  });
  onTestFinished(() => transport.close());
  return transport;
}

const never = new AbortController().signal;

describe('what is sent', () => {
  test.for<[Credentials, Record<string, string>]>([
    [TOKEN, { authorization: 'Bearer t0ken' }],
    [
      { kind: 'key', email: new Secret('a@b.test'), key: new Secret('k3y') },
      { 'x-auth-email': 'a@b.test', 'x-auth-key': 'k3y' },
    ],
  ])('credentials of kind %#, in their headers', async ([credentials, expected]) => {
    const seen: unknown[] = [];
    const origin = await serve(({ headers }, response) => {
      seen.push(headers);
      response.end('{}');
    });
    await connect(origin, credentials).get('/x', never);
    expect(seen).toEqual([expect.objectContaining({ ...expected, 'user-agent': 'test/1' })]);
  });

  test('the path as it is, dots and escapes included', async () => {
    const paths: (string | undefined)[] = [];
    const origin = await serve(({ url }, response) => {
      paths.push(url);
      response.end('{}');
    });
    await connect(origin).get('/images/v1/%2E%2E%2Fa%252F%E6%97%A5', never);
    expect(paths).toEqual(['/client/v4/images/v1/%2E%2E%2Fa%252F%E6%97%A5']);
  });
});

describe('what comes back', () => {
  test.for([
    ['gzip', gzipSync('{"a":1}')],
    ['br', brotliCompressSync('{"a":1}')],
    ['identity', Buffer.from('{"a":1}')],
  ] as const)('%s is unpacked', async ([encoding, body]) => {
    const origin = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    const answer = await connect(origin).get('/', never);
    expect(answer).toMatchObject({ status: 200, body: Buffer.from('{"a":1}') });
  });

  test('a body that is not what its encoding says is no answer', async () => {
    const origin = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('{"a":1}'),
    );
    await expect(connect(origin).get('/', never)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  });

  test.for([
    ['plain', Buffer.alloc(MAX_BYTES + 1, ' '), 'identity'],
    ['packed', gzipSync(Buffer.alloc(50 * MAX_BYTES, ' ')), 'gzip'],
  ] as const)('more than the limit, %s, is refused', async ([, body, encoding]) => {
    const origin = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    await expect(connect(origin).get('/', never)).rejects.toMatchObject({
      code: 'ANSWER_TOO_LARGE',
    });
  });

  test('a redirect is an answer like any other: the credentials do not follow it', async () => {
    let visits = 0;
    const elsewhere = await serve((_request, response) => {
      visits += 1;
      response.end();
    });
    const origin = await serve((_request, response) =>
      response.writeHead(307, { location: elsewhere }).end(),
    );
    expect(await connect(origin).get('/', never)).toMatchObject({ status: 307 });
    expect(visits).toBe(0);
  });
});

describe('what does not come back', () => {
  test('a body that never ends its sentence is given up after the request’s time', async () => {
    const origin = await serve((_request, response) => void response.write('{"a":'));
    await expect(connect(origin, TOKEN, 100).get('/', never)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('0.1 s') as string,
    });
  });

  test('an aborted request ends with the reason of the abort', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const origin = await serve(() => controller.abort(reason));
    await expect(connect(origin).get('/', controller.signal)).rejects.toBe(reason);
  });
});
