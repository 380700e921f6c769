import { once } from 'node:events';
import { createServer } from 'node:net';
import { onTestFinished, describe, expect, test, vi } from 'vitest';
import { Failure } from '../../src/inventory/failure.ts';
import { daemonView, received, serve } from './served.ts';

/** What an answer says of its moment and its connection, rather than of what was asked for. */
const OF_CONNECTION = new Set(['date', 'connection', 'keep-alive']);
const ROUTES = ['/', '/livez', '/readyz', '/metrics'] as const;

describe('the routes', () => {
  test('answer with what they are for', async () => {
    const { url } = await serve();
    const answers = await Promise.all(ROUTES.map((path) => fetch(url + path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers.map(({ headers }) => headers.get('content-type'))).toEqual([
      'text/html; charset=utf-8',
      'text/plain; charset=utf-8',
      'application/json',
      'text/plain; version=0.0.4',
    ]);
    const [page, livez, readyz, metrics] = await Promise.all(answers.map((each) => each.text()));
    expect(page).toContain('12,345');
    expect(livez).toBe('ok\n');
    expect(JSON.parse(readyz ?? '')).toMatchObject({ ready: true });
    expect(metrics).toBe('a 1\n');
  });

  test('say 503 while the process is not alive, or not ready', async () => {
    const { url } = await serve({ isAlive: () => false, view: () => daemonView() });
    expect((await fetch(`${url}/livez`)).status).toBe(503);
    const readyz = await fetch(`${url}/readyz`);
    expect(readyz.status).toBe(503);
    expect(await readyz.json()).toMatchObject({ ready: false, accounts: [] });
  });

  test('need no view to say that the process is alive', async () => {
    const view = vi.fn(() => {
      throw new Error('the disk is gone');
    });
    const { url } = await serve({ view });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(view).not.toHaveBeenCalled();
  });

  test.for(['/?', '/?a=b', '/livez?/metrics', '/readyz?%zz', '/metrics?x=1&y'])(
    'have no use for a query: %s',
    async (path) => {
      const { url } = await serve();
      expect((await fetch(url + path)).status).toBe(200);
    },
  );

  test.for(['/favicon.ico', '/livez/', '//livez', '/LIVEZ', '/metrics/..%2f', '/%6civez'])(
    'are no others: %s',
    async (path) => {
      const { url } = await serve();
      expect((await fetch(url + path)).status).toBe(404);
    },
  );

  test('are found by the whole address too, as one writes it to a proxy', async () => {
    const { connect } = await serve();
    const socket = await connect();
    socket.write('GET http://else.example/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('methods', () => {
  test.for(ROUTES)('HEAD %s is GET without the body', async (path) => {
    const { url } = await serve();
    const get = await fetch(url + path);
    const head = await fetch(url + path, { method: 'HEAD' });
    expect(head.status).toBe(get.status);
    const headers = (answer: Response): object =>
      Object.fromEntries([...answer.headers].filter(([name]) => !OF_CONNECTION.has(name)));
    expect(headers(head)).toEqual(headers(get));
    expect(Number(head.headers.get('content-length'))).toBe(Buffer.byteLength(await get.text()));
    expect(await head.text()).toBe('');
  });

  test.for(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY'])(
    '%s is refused',
    async (method) => {
      const { url } = await serve();
      const answer = await fetch(`${url}/livez`, { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    },
  );
});

describe('bodies', () => {
  test.for([
    ['POST', 'Content-Length: 1000000000', 405],
    ['GET', 'Content-Length: 1000000000', 413],
    ['GET', 'Transfer-Encoding: chunked', 413],
    ['GET', 'Content-Length: 9\r\nExpect: 100-continue', 413],
  ] as const)(
    '%s with %s gets its answer at once, and the connection ends',
    async ([method, header, status]) => {
      const { connect } = await serve({ limits: { requestMs: 600_000 } });
      const socket = await connect();
      socket.write(`${method} /livez HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`);
      const answer = await received(socket);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} (?!.*HTTP)`, 's'));
      expect(answer).toMatch(/^Connection: close\r$/m);
    },
  );

  test('of no bytes are none', async () => {
    const { connect } = await serve();
    const socket = await connect();
    socket.write(
      'GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test('every answer carries the headers that browsers go by, and only the page a style', async () => {
  const { url } = await serve();
  for (const path of [...ROUTES, '/none']) {
    for (const method of ['GET', 'POST']) {
      const { headers } = await fetch(url + path, { method });
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
      });
      const policy = headers.get('content-security-policy') ?? '';
      const style = / style-src 'sha256-[A-Za-z0-9+/]{43}=';/.exec(policy)?.[0] ?? '';
      expect(style !== '').toBe(path === '/' && method === 'GET');
      expect(policy.replace(style, '')).toBe(
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
    }
  }
});

describe('what costs something', () => {
  test('is made once a second, however many ask', async () => {
    const view = vi.fn(() => daemonView({}));
    const render = vi.fn(() => Promise.resolve(`a ${render.mock.calls.length}\n`));
    const { url, pass } = await serve({ view, metrics: { contentType: 'text/plain', render } });
    const ask = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
    await Promise.all(
      Array.from({ length: 10 }, () => Promise.all(ROUTES.map((path) => fetch(url + path)))),
    );
    pass(999);
    expect(await ask()).toBe('a 1\n');
    expect(view).toHaveBeenCalledTimes(1);
    pass(1);
    expect(await ask()).toBe('a 2\n');
    await fetch(`${url}/readyz`);
    expect(view).toHaveBeenCalledTimes(2);
  });

  test('and fails is answered without details, and told of in the log until it works again', async () => {
    let message: string | undefined = 'secret detail';
    const render = (): Promise<string> =>
      message === undefined ? Promise.resolve('') : Promise.reject(new Error(message));
    const { url, pass, lines } = await serve({ metrics: { contentType: 'text/plain', render } });
    const ask = async (): Promise<number> => {
      const answer = await fetch(`${url}/metrics`);
      expect(await answer.text()).not.toContain('detail');
      pass(1000);
      return answer.status;
    };
    const told = (): number => lines.filter(({ event }) => event === 'http.failed').length;
    expect([await ask(), await ask(), told()]).toEqual([500, 500, 1]);
    expect(lines.at(-1)).toMatchObject({ path: '/metrics', error_message: 'secret detail' });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    message = undefined;
    expect([await ask(), told()]).toEqual([200, 1]);
    message = 'again';
    expect([await ask(), told()]).toEqual([500, 2]);
  });

  test('fails for everybody within the same second', async () => {
    const view = vi.fn(() => {
      throw new Error('no');
    });
    const { url } = await serve({ view });
    const answers = await Promise.all(Array.from({ length: 10 }, () => fetch(url)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 500));
    expect(view).toHaveBeenCalledTimes(1);
  });
});

describe('a server that cannot listen', () => {
  const refusal = async (host: string, port: number): Promise<Failure> => {
    const failure: unknown = await serve({ host, port }).catch((error: unknown) => error);
    if (!(failure instanceof Failure)) throw new Error('expected a failure');
    return failure;
  };

  test('says that the port is taken, and which settings to change', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { code, message, hint } = await refusal('127.0.0.1', port);
    expect(code).toBe('CONFIG_INVALID');
    expect(message).toBe(`cannot listen on 127.0.0.1, port ${port}: another program listens there`);
    expect(hint).toContain('http.host');
    expect(hint).toContain('IMAGE_INVENTORY_HTTP_PORT');
  });

  test('says that the address is no address of this machine', async () => {
    expect((await refusal('192.0.2.1', 0)).message).toContain('this machine has no such address');
  });

  test('says that there is no such host', async () => {
    const { code, message } = await refusal('no-such-host.invalid', 0);
    expect({ code, message }).toEqual({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^cannot listen on no-such-host\.invalid, port 0: /) as string,
    });
  });
});

test('an IPv6 address is told as one', async () => {
  const { url } = await serve({ host: '::1' });
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
});
