import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { parseExposition } from '../support/exposition.ts';
import { query } from '../support/inventory.ts';
import { serveAccount } from '../support/served-account.ts';
import { expectEqual } from '../support/strike.ts';

test('a flood and slow clients beside a run: it completes, the figures answer, and nothing is changed by them', async () => {
  const served = await serveAccount({ images: 600, latencyMs: 5 });
  const port = await freePort();
  const daemon = startDaemon(served, {
    IMAGE_INVENTORY_PER_PAGE: '10',
    IMAGE_INVENTORY_HTTP_PORT: String(port),
  });
  await daemon.logged('sync.page');
  const slow = await Promise.all(Array.from({ length: 20 }, () => openSlow(port)));

  let isRunning = true;
  const finished = daemon.logged('sync.finished').finally(() => (isRunning = false));
  const statuses = new Set<string>();
  const flood = async (method: string, path: string): Promise<void> => {
    while (isRunning) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      await answer.arrayBuffer();
      statuses.add(`${method} ${path} ${answer.status}`);
    }
  };
  await Promise.all([
    ...['/', '/livez', '/metrics', '/nothing'].map((path) => flood('GET', path)),
    flood('POST', '/metrics'),
    flood('DELETE', '/'),
    finished,
  ]);
  expect(await finished).toMatchObject({ listed: 600 });
  expect(statuses).toEqual(
    new Set([
      'GET / 200',
      'GET /livez 200',
      'GET /metrics 200',
      'GET /nothing 404',
      'POST /metrics 405',
      'DELETE / 405',
    ]),
  );

  // An answer may be a second old.
  for (let images: number | undefined = 0; images !== 600;) {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    const families = parseExposition(await answer.text());
    images = families.get('image_inventory_images')?.samples[0]?.value;
  }
  expect(query(served.database, 'SELECT status, listed FROM runs')).toEqual([
    { status: 'complete', listed: 600 },
  ]);
  expectEqual(served);
  const { code, stderr, log } = await daemon.stop();
  expect({ code, stderr }).toEqual({ code: 143, stderr: '' });
  expect(log().filter(({ level }) => level !== 'info')).toEqual([]);
  for (const socket of slow) socket.destroy();
});

test('nothing that is asked changes a byte of the database', async () => {
  const served = await serveAccount({ images: 50 });
  const port = await freePort();
  const daemon = startDaemon(served, { IMAGE_INVENTORY_HTTP_PORT: String(port) });
  await daemon.logged('daemon.scheduled');
  const bytes = (): Buffer[] =>
    ['', '-wal'].map((suffix) => readFileSync(served.database + suffix));
  const before = bytes();
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    for (const path of ['/', '/livez', '/readyz', '/metrics', '/../inventory.db', '/?run=1']) {
      await fetch(`http://127.0.0.1:${port}${path}`, { method });
    }
  }
  expect(bytes().map((file, index) => before[index]?.equals(file))).toEqual([true, true]);
  await daemon.stop();
});

test('ids and names from the account are text on the page, whatever they hold', async () => {
  const served = await serveAccount({ images: 5 });
  const ids = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(2)>',
    "'&#x3c;b>",
    '\u202egnp.exe',
  ];
  await served.sync();
  for (const id of ids) served.account.upload({ id, filename: id });
  const port = await freePort();
  const daemon = startDaemon(served, { IMAGE_INVENTORY_HTTP_PORT: String(port) });
  await daemon.logged('daemon.scheduled');
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src/);
  const page = await answer.text();
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page).toContain('&quot;&gt;&lt;img src=x onerror=alert(2)&gt;');
  expect(page).toContain('&#39;&amp;#x3c;b&gt;');
  expect(page).not.toMatch(/<script|<img|\u202e/);
  await daemon.stop();
});

/** A client that sends its request a line at a time, and never the last one. */
async function openSlow(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
  return socket;
}
