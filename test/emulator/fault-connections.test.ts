import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { BEARER, imagePath, IMAGES, startEmulator } from '../support/emulator.ts';

interface Received {
  readonly text: string;
  /** How the connection ended: `ENDED` in good order, or the code of its error. */
  readonly end: string;
}

/** Asks over a bare socket, which shows the bytes that came before the end, and the kind of end. */
async function askBarely(baseUrl: string): Promise<Received> {
  const { hostname, port, pathname } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  let end = 'ENDED';
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => (end = error.code ?? error.message));
  socket.write(
    `GET ${pathname}${IMAGES} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${BEARER.authorization}\r\n\r\n`,
  );
  const { promise, resolve } = Promise.withResolvers<undefined>();
  socket.on('close', () => resolve(undefined));
  await promise;
  return { text: Buffer.concat(chunks).toString(), end };
}

describe('a reset', () => {
  it('ends the connection the hard way, before a byte of the answer', async () => {
    await using server = await startEmulator();
    server.emulator.faults.add({ name: 'reset' });

    expect(await askBarely(server.baseUrl)).toEqual({ text: '', end: 'ECONNRESET' });
  });

  it('spares the next connection', async () => {
    await using server = await startEmulator();
    server.emulator.faults.add({ name: 'reset', times: 1 });
    await expect(server.ask(IMAGES)).rejects.toThrow('fetch failed');

    expect(await server.list()).toHaveLength(30);
  });
});

describe('a reset in the middle of the body', () => {
  it('comes after a right head and a part of what the head announces', async () => {
    await using server = await startEmulator();
    const right = await (await fetch(server.baseUrl + IMAGES, { headers: BEARER })).text();
    server.emulator.faults.add({ name: 'reset-mid-body' });
    const { text } = await askBarely(server.baseUrl);
    const [head = '', body = ''] = text.split('\r\n\r\n', 2);

    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(head).toMatch(/^content-type: application\/json\r?$/im);
    expect(head).toMatch(new RegExp(`^content-length: ${Buffer.byteLength(right)}\r?$`, 'im'));
    expect(body).not.toBe('');
    expect(body).not.toBe(right);
    expect(right.startsWith(body)).toBe(true);
  });

  it('is a failure to who reads the body, not a short answer', async () => {
    await using server = await startEmulator();
    server.emulator.faults.add({ name: 'reset-mid-body' });

    await expect(server.ask(IMAGES)).rejects.toThrow('terminated');
  });
});

describe('a hanging request', () => {
  it('gets no answer while others do, until its client gives up', async () => {
    await using server = await startEmulator();
    server.emulator.faults.add({ name: 'hang', path: /page=2/ });
    const client = new AbortController();
    let isAnswered = false;
    const arrived = once(server.emulator, 'request');
    const hanging = server.ask(`${IMAGES}?page=2`, { signal: client.signal }).finally(() => {
      isAnswered = true;
    });
    const gaveUp = expect(hanging).rejects.toThrow('aborted');
    await arrived;
    for (let request = 0; request < 20; request += 1) await server.ask(imagePath('any'));

    expect(isAnswered).toBe(false);
    client.abort();
    await gaveUp;
    expect(await server.list()).toHaveLength(30);
  });

  it('ends when the server closes', async () => {
    await using server = await startEmulator();
    server.emulator.faults.add({ name: 'hang' });
    const arrived = once(server.emulator, 'request');
    const failed = expect(server.ask(IMAGES)).rejects.toThrow('fetch failed');
    await arrived;
    await server.emulator.close();

    await failed;
  });
});
