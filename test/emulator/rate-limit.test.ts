import { describe, expect, it } from 'vitest';
import { imagePath, IMAGES, refusalOf, startEmulator } from '../support/emulator.ts';

/** Long enough that no test run reaches its end. */
const HOUR_MS = 3_600_000;

describe('a server with a limit', () => {
  it('tells on every answer what is left and what the limit is', async () => {
    await using server = await startEmulator(
      {},
      { rateLimit: { requests: 3, intervalMs: HOUR_MS } },
    );

    for (const left of [2, 1, 0]) {
      const { status, headers } = await server.ask(IMAGES);
      expect(status).toBe(200);
      expect(headers.get('ratelimit')).toMatch(new RegExp(`^"default";r=${left};t=\\d+$`));
      expect(headers.get('ratelimit-policy')).toBe('"default";q=3;w=3600');
      expect(headers.has('retry-after')).toBe(false);
    }
  });

  it('tells it on a refused and on a broken request as well', async () => {
    await using server = await startEmulator(
      {},
      { rateLimit: { requests: 9, intervalMs: HOUR_MS } },
    );
    const left = async (path: string) => (await server.ask(path)).headers.get('ratelimit');

    expect(await left(imagePath('no-such-image'))).toMatch('r=8;');
    expect(await left(`${IMAGES}/100%`)).toMatch('r=7;');
  });

  it('answers 429 and names the seconds to wait when the limit is exceeded', async () => {
    await using server = await startEmulator(
      {},
      { rateLimit: { requests: 1, intervalMs: HOUR_MS, blockMs: 2 * HOUR_MS } },
    );
    await server.ask(IMAGES);
    const answer = await server.ask(IMAGES);

    expect(refusalOf(answer)).toBe('429 971');
    expect(answer.body).toMatchObject({ success: false, result: null });
    expect(answer.headers.get('retry-after')).toBe('7200');
  });

  it('then blocks every call, not only those to the list', async () => {
    await using server = await startEmulator(
      {},
      { rateLimit: { requests: 2, intervalMs: HOUR_MS } },
    );
    await server.ask(IMAGES);
    await server.ask(IMAGES);
    await server.ask(IMAGES);

    for (const path of [`${IMAGES}/stats`, imagePath('any'), '/user/tokens/verify', '/']) {
      const answer = await server.ask(path);
      expect(answer.status).toBe(429);
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    }
    expect(server.emulator.rateLimiter?.refused).toBe(5);
  });

  it('does nothing for who is blocked', async () => {
    await using server = await startEmulator(
      {},
      { rateLimit: { requests: 1, intervalMs: HOUR_MS } },
    );
    const [image] = await server.list();
    const answer = await server.ask(imagePath(image?.id ?? ''), { method: 'DELETE' });

    expect(answer.status).toBe(429);
    expect(server.account.size).toBe(30);
  });
});

it('a server without a limit says nothing of one', async () => {
  await using server = await startEmulator();
  const { headers } = await server.ask(IMAGES);

  expect(server.emulator.rateLimiter).toBeUndefined();
  expect([...headers.keys()].filter((name) => name.startsWith('ratelimit'))).toEqual([]);
});
