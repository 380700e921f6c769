import { describe, expect, it } from 'vitest';
import { Emulator } from '../../src/emulator/server.ts';
import { BEARER, imagePath, IMAGES, startEmulator } from '../support/emulator.ts';

describe('the server', () => {
  it('writes down every request, with its query, in order', async () => {
    await using server = await startEmulator();
    await server.ask(`${IMAGES}?page=2&per_page=10`);
    await server.ask(imagePath('a/b'), { method: 'DELETE' });
    await server.ask('/nowhere', { headers: {} });

    expect(server.emulator.requests).toEqual([
      `GET ${IMAGES}?page=2&per_page=10`,
      `DELETE ${IMAGES}/a%2Fb`,
      'GET /nowhere',
    ]);
  });

  it('tells of a request before it answers it', async () => {
    await using server = await startEmulator();
    server.emulator.on('request', (method, path) => {
      server.account.upload({ id: `${method} ${path}` });
    });
    const [first] = await server.list('per_page=10');

    expect(first?.id).toBe(`GET ${IMAGES}?per_page=10`);
  });

  it('names each answer, as the edge does', async () => {
    await using server = await startEmulator();

    expect((await server.ask(IMAGES)).headers.get('cf-ray')).toMatch(/^[0-9a-f]{16}-[A-Z]{3}$/);
  });

  it('shows what a test has put in the place of an image', async () => {
    await using server = await startEmulator();
    const odd = { id: 'odd', meta: [1, { deep: null }], uploaded: 7 };
    const old = server.account.all()[3]?.id ?? '';
    server.account.replace(old, odd);

    expect((await server.list())[3]).toEqual(odd);
    expect((await server.ask(imagePath('odd'))).body.result).toEqual(odd);
    expect((await server.ask(imagePath(old))).status).toBe(404);
    expect(() => server.account.replace(old, odd)).toThrow(RangeError);
  });

  it('refuses a body that is too large, and serves on', async () => {
    await using server = await startEmulator();
    const body = JSON.stringify({ id: 'large', pad: 'x'.repeat(16 * 1024 * 1024) });

    expect((await server.ask(IMAGES, { method: 'POST', body })).status).toBe(400);
    expect(await server.list()).toHaveLength(30);
  });

  it('does not start on a port that is taken', async () => {
    await using server = await startEmulator();
    const port = Number(new URL(server.baseUrl).port);
    const second = new Emulator({ accounts: [], port });

    await expect(second.listen()).rejects.toThrow('EADDRINUSE');
    await second.close();
  });

  it('is gone when it is closed, kept connections and all', async () => {
    await using server = await startEmulator();
    await server.list();
    await server.emulator.close();

    await expect(fetch(server.baseUrl + IMAGES, { headers: BEARER })).rejects.toThrow(
      'fetch failed',
    );
  });
});
