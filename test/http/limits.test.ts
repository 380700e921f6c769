import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { received, serve, type Served } from './served.ts';

const HUGE = 'x'.repeat(32 * 1024 * 1024);
const huge = { contentType: 'text/plain', render: () => Promise.resolve(HUGE) };

const isAnswered = async ({ url }: Served): Promise<boolean> => (await fetch(`${url}/livez`)).ok;

/** Writes something time and again until the connection ends. */
function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 10);
  socket.once('close', () => clearInterval(timer));
}

describe('a client that', () => {
  test('sends its request byte by byte is cut off, while others are answered', async () => {
    const served = await serve({ limits: { requestMs: 500 } });
    const slow = await served.connect();
    const answer = received(slow);
    slow.write('GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    drip(slow, 'a');
    expect(await isAnswered(served)).toBe(true);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('says nothing at all is cut off', async () => {
    const served = await serve({ limits: { requestMs: 500 } });
    expect(await received(await served.connect())).toMatch(/^(HTTP\/1\.1 408 .*)?$/s);
  });

  test('keeps its connection and says nothing more is cut off', async () => {
    const { connect } = await serve({ limits: { requestMs: 100 } });
    const socket = await connect();
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nok\n$/s);
  });

  test('takes an answer drop by drop is cut off before it has it', async () => {
    const served = await serve({ limits: { answerMs: 500 }, metrics: huge });
    const slow = await served.connect();
    slow.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    slow.on('data', () => {
      slow.pause();
      setTimeout(() => slow.resume(), 5);
    });
    expect((await received(slow)).length).toBeLessThan(HUGE.length);
    expect(await isAnswered(served)).toBe(true);
  });

  test('asks and asks and never reads is cut off', async () => {
    const served = await serve({ limits: { answerMs: 500 }, metrics: huge });
    const deaf = await served.connect();
    deaf.pause();
    const closed = new Promise((resolve) => deaf.once('close', resolve));
    // Nobody who does not read learns that a connection has ended, but for whoever writes to it.
    drip(deaf, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
    expect(await isAnswered(served)).toBe(true);
    await closed;
  });

  test('sends a header without end is refused', async () => {
    const { connect } = await serve();
    const socket = await connect();
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(9000)}`);
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('asks more often than is allowed on one connection is told to come again', async () => {
    const { connect } = await serve({ limits: { requests: 3, requestMs: 500 } });
    const socket = await connect();
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5));
    const statuses = (await received(socket)).match(/^HTTP\/1\.1 \d+/gm);
    expect(statuses?.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => 'HTTP/1.1 200'));
    expect(statuses?.slice(3)).not.toContain('HTTP/1.1 200');
  });
});

describe('more connections than are allowed', () => {
  test('are dropped, and there is room again when others end', async () => {
    const served = await serve({ limits: { connections: 4 } });
    const held = await Promise.all(Array.from({ length: 4 }, () => served.connect()));
    const more = await Promise.all(Array.from({ length: 30 }, () => served.connect()));
    expect(await Promise.all(more.map(received))).toEqual(more.map(() => ''));
    expect(held.map((socket) => socket.closed)).toEqual([false, false, false, false]);
    const answers = held.map(received);
    for (const socket of held) {
      socket.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    }
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await isAnswered(served)).toBe(true);
  });

  test('are dropped by default as well', async () => {
    const served = await serve();
    const flood = await Promise.all(Array.from({ length: 200 }, () => served.connect()));
    const dropped = new Set<Socket>();
    await new Promise<void>((resolve) => {
      for (const socket of flood) {
        socket.resume();
        socket.once('close', () => {
          dropped.add(socket);
          if (dropped.size === 200 - 64) resolve();
        });
      }
    });
    const [left] = flood.filter((socket) => !dropped.has(socket));
    left?.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(left && (await received(left))).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test('close ends every connection at once: silent, idle, half-way in a request, and in the middle of an answer', async () => {
  const limits = { requestMs: 600_000, answerMs: 600_000 };
  const served = await serve({ metrics: huge, limits });
  const connections = await Promise.all(Array.from({ length: 4 }, () => served.connect()));
  const [silent, idle, asking, deaf] = connections as [Socket, Socket, Socket, Socket];
  asking.write('GET /livez HTTP/1.1\r\nHost:');
  idle.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => idle.once('data', resolve));
  deaf.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  // It learns that there is an answer, and leaves it where it is.
  await new Promise((resolve) => deaf.once('readable', resolve));
  const ended = Promise.all([silent, idle, asking].map(received));
  await served.close();
  await ended;
  await served.close();
  await expect(fetch(served.url)).rejects.toThrow('fetch failed');
});
