import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { BEARER, IMAGES, startEmulator } from '../support/emulator.ts';

/** Far more than twenty requests to this machine take; nobody waits for it. */
const LONG_MS = 600_000;

describe('a server with latency', () => {
  it('answers as one without', async () => {
    await using slow = await startEmulator({}, { latencyMs: 1 });
    await using fast = await startEmulator();

    expect((await slow.ask(IMAGES)).body).toEqual((await fast.ask(IMAGES)).body);
  });

  it('holds its answer back while another server answers many times', async () => {
    await using slow = await startEmulator({}, { latencyMs: LONG_MS });
    await using fast = await startEmulator();
    const client = new AbortController();
    let isAnswered = false;
    const arrived = once(slow.emulator, 'request');
    const asked = slow.ask(IMAGES, { signal: client.signal, headers: BEARER }).then(() => {
      isAnswered = true;
    });
    const gaveUp = expect(asked).rejects.toThrow('aborted');
    await arrived;
    for (let request = 0; request < 20; request += 1) await fast.ask(IMAGES);

    expect(isAnswered).toBe(false);
    client.abort();
    await gaveUp;
  });

  it('survives a client that does not wait for the answer', async () => {
    await using server = await startEmulator({}, { latencyMs: 20 });
    const client = new AbortController();
    server.emulator.once('request', () => client.abort());
    await expect(server.ask(IMAGES, { signal: client.signal })).rejects.toThrow('aborted');

    // It is answered after the abandoned one was due.
    expect(await server.list()).toHaveLength(30);
    expect(server.emulator.requests).toHaveLength(2);
  });
});
