import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { FaultName } from '../../src/emulator/choices.ts';
import { BEARER, imagePath, IMAGES, startEmulator } from '../support/emulator.ts';

/** Bodies that do not end by themselves, or not while a test waits. */
const BODIES = ['huge', 'drip', 'hang-mid-body'] as const satisfies FaultName[];

/** A response of the list, whose body the test reads as it comes. */
async function ask(baseUrl: string, signal?: AbortSignal) {
  const response = await fetch(baseUrl + IMAGES, { headers: BEARER, signal: signal ?? null });
  if (response.body === null) throw new Error('no body');
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  return { response, reader };
}

describe.each(BODIES)('the fault "%s"', (name) => {
  it('begins as a right answer does', async () => {
    await using server = await startEmulator();
    server.emulator.faults.add({ name });
    const { response, reader } = await ask(server.baseUrl);
    const { value = new Uint8Array() } = await reader.read();

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect('{"success":true,').toContain(Buffer.from(value.subarray(0, 10)).toString());
    await reader.cancel();
  });

  it('ends when the server closes, at once', async () => {
    await using server = await startEmulator();
    server.emulator.faults.add({ name });
    const { reader } = await ask(server.baseUrl);
    await reader.read();
    const start = performance.now();
    await server.emulator.close();

    expect(performance.now() - start).toBeLessThan(2_000);
    await expect(drain(reader)).rejects.toThrow('terminated');
  });

  it('spares the others', async () => {
    await using server = await startEmulator();
    server.emulator.faults.add({ name, times: 1 });
    const { reader } = await ask(server.baseUrl);
    await reader.read();

    expect(await server.list()).toHaveLength(30);
    await reader.cancel();
  });
});

it('a drip is slow from its first byte', async () => {
  await using server = await startEmulator();
  const right = await (await fetch(server.baseUrl + IMAGES, { headers: BEARER })).text();
  server.emulator.faults.add({ name: 'drip' });
  const { response, reader } = await ask(server.baseUrl);
  const start = performance.now();
  let text = '';
  while (text.length < 10) {
    const { value } = await reader.read();
    text += Buffer.from(value ?? []).toString();
  }

  expect(right.startsWith(text)).toBe(true);
  expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(right)));
  // Ten pauses of 50 ms, but for the one that may have passed before the clock was started.
  expect(performance.now() - start).toBeGreaterThan(400);
  await reader.cancel();
});

it('a hang in the middle of the body is silence behind a half of what was announced', async () => {
  await using server = await startEmulator();
  const right = await (await fetch(server.baseUrl + IMAGES, { headers: BEARER })).text();
  server.emulator.faults.add({ name: 'hang-mid-body', times: 1 });
  const client = new AbortController();
  const { response, reader } = await ask(server.baseUrl, client.signal);
  let text = '';
  const drained = drain(reader, (chunk) => (text += chunk));
  const gaveUp = expect(drained).rejects.toThrow('aborted');
  for (let request = 0; request < 20; request += 1) await server.ask(imagePath('any'));

  expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(right)));
  expect(text.length).toBeGreaterThan(right.length / 4);
  expect(text.length).toBeLessThan(right.length);
  expect(right.startsWith(text)).toBe(true);
  client.abort();
  await gaveUp;
});

it('a client that left during the latency is not sent anything', async () => {
  await using server = await startEmulator({}, { latencyMs: 50 });
  for (const name of BODIES) server.emulator.faults.add({ name, times: 1 });
  for (const name of BODIES) {
    const client = new AbortController();
    const arrived = once(server.emulator, 'request').then(() => client.abort());
    await expect(ask(server.baseUrl, client.signal), name).rejects.toThrow('aborted');
    await arrived;
  }

  expect(await server.list()).toHaveLength(30);
});

async function drain(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  take: (chunk: string) => void = () => undefined,
): Promise<void> {
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    take(Buffer.from(value).toString());
  }
}
