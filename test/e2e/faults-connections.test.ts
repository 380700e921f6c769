import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FaultName } from '../../src/emulator/choices.ts';
import { selfSigned } from '../support/certificate.ts';
import { query } from '../support/inventory.ts';
import { serveAccount } from '../support/served-account.ts';
import {
  change,
  lastRun,
  LISTS,
  published,
  serveChanged,
  strikeForEver,
  strikeOnce,
} from '../support/strike.ts';

/** Long enough for an answer, short enough for a test that waits for none. */
const IMPATIENT = { IMAGE_INVENTORY_TIMEOUT: '0.5' };

const SEVERED: readonly FaultName[] = ['reset', 'reset-mid-body'];
const SILENT: readonly FaultName[] = ['hang', 'hang-mid-body', 'drip'];

describe.for(LISTS)('the connection to the $api list', (list) => {
  test.for([...SEVERED, ...SILENT])(
    '%s: once, tried again and complete; for ever, incomplete',
    async (name) => {
      const served = await serveAccount({ images: 35 });
      const env = SILENT.includes(name) ? IMPATIENT : {};
      const { log } = await strikeOnce(served, name, list, env);
      const retry = log().find(({ event }) => event === 'request.retry');
      expect(retry?.msg).toContain(SILENT.includes(name) ? 'within 0.5 s' : 'could not reach');

      change(served);
      const most = { IMAGE_INVENTORY_MAX_RETRIES: '1' };
      const run = await strikeForEver(served, name, list, { ...env, ...most });
      expect(run.code).toBe(3);
      expect(run.ledger).toMatchObject({ status: 'incomplete', error_code: 'UNREACHABLE' });
    },
  );

  test.for(SILENT)('%s: the deadline ends a run that would wait for longer', async (name) => {
    const served = await serveChanged(list);
    const run = await strikeForEver(served, name, list, { IMAGE_INVENTORY_DEADLINE: '1' });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('within 1 s');
    expect(run.ledger).toMatchObject({ error_code: 'DEADLINE', requests: 3, retries: 0 });
  });
});

/** Listens on a free port of this machine until the test ends. */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('a server that cannot be asked at all', () => {
  const silent = (): Server => createServer();
  const headless = (): Server =>
    createServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n')),
    );
  const unreadable = (): Server =>
    createServer((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.9\r\n')));

  test.for([
    { what: 'accepts and never answers', server: silent, says: 'no complete answer within 0.5 s' },
    { what: 'closes behind the headers', server: headless, says: 'could not reach http://127' },
    { what: 'speaks no HTTP', server: unreadable, says: 'could not reach http://127' },
  ])('$what: exit 3', async ({ server, says }) => {
    const [list] = LISTS;
    const served = await serveChanged(list);
    const before = published(served);
    const port = await listen(server());
    const { code, stderr } = await served.sync([], {
      ...IMPATIENT,
      IMAGE_INVENTORY_MAX_RETRIES: '1',
      CLOUDFLARE_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
    });
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(says) as string,
    });
    // The statistics can be done without, so it is the list that ends the run.
    expect(lastRun(served)).toMatchObject({ error_code: 'UNREACHABLE', requests: 4, retries: 2 });
    expect(published(served)).toEqual(before);
  });

  test('nobody listens: exit 3', async () => {
    const served = await serveAccount();
    await served.emulator.close();
    const { code, stderr } = await served.sync([], { IMAGE_INVENTORY_MAX_RETRIES: '1' });
    expect(code).toBe(3);
    expect(stderr).toContain('ECONNREFUSED');
    expect(stderr).toContain('Check the network, a proxy or firewall on the way');
  });

  test('a host that no name server knows: exit 3, and the message names it', async () => {
    const served = await serveAccount();
    const { code, stderr } = await served.sync([], {
      IMAGE_INVENTORY_MAX_RETRIES: '1',
      CLOUDFLARE_BASE_URL: 'https://no-such-host.invalid/client/v4',
    });
    expect(code).toBe(3);
    expect(stderr).toContain('could not reach https://no-such-host.invalid');
    expect(stderr).toContain('CLOUDFLARE_BASE_URL');
  });
});

describe('TLS that fails is not tried again', () => {
  test('a server that speaks plain HTTP', async () => {
    const served = await serveAccount();
    const baseUrl = served.env['CLOUDFLARE_BASE_URL'] ?? '';
    const { code, stderr } = await served.sync([], {
      CLOUDFLARE_BASE_URL: baseUrl.replace('http:', 'https:'),
    });
    expect(code).toBe(3);
    expect(stderr).toContain('could not reach https://127.0.0.1');
    expect(lastRun(served)).toMatchObject({ error_code: 'UNREACHABLE', retries: 0 });
  });

  test('a certificate that nobody vouches for: nothing is sent to it', async () => {
    const served = await serveAccount();
    let received = '';
    const server = createTlsServer(selfSigned(), (socket) => {
      socket.on('error', () => undefined).on('data', (data) => (received += data.toString()));
    });
    const port = await listen(server);
    const { code, stderr } = await served.sync([], {
      CLOUDFLARE_BASE_URL: `https://localhost:${port}/client/v4`,
    });
    expect(code).toBe(3);
    expect(stderr).toContain('self-signed certificate');
    expect(received).toBe('');
    expect(query(served.database, 'SELECT requests, retries FROM runs')).toEqual([
      { requests: 2, retries: 0 },
    ]);
  });
});
