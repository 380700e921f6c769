import { describe, expect, test } from 'vitest';
import { simulate } from '../support/simulated-quota.ts';

const QUOTA = { requests: 120, intervalMs: 30_000 };
/** 600 pages, the statistics, and the empty page at the end. */
const REQUESTS = 602;
const RUN = { server: QUOTA, client: { ...QUOTA, concurrency: 4 }, requests: REQUESTS };
/** So many full intervals pass before the last of them may be sent. */
const LEAST_MS = Math.floor((REQUESTS - 1) / QUOTA.requests) * QUOTA.intervalMs;
const SEEDS = [1, 2, 3];

describe.for(SEEDS)('seed %i: a run', (seed) => {
  test.for([1, 4, 16])('alone, %i at once, takes what the quota takes', async (concurrency) => {
    const client = { ...QUOTA, concurrency };
    const { wallMs, refused } = await simulate({ ...RUN, client, seed });
    expect(refused).toBe(0);
    expect(wallMs).toBeGreaterThanOrEqual(LEAST_MS);
    expect(wallMs / LEAST_MS).toBeLessThanOrEqual(1.03);
  });

  test.for(['ratelimit', 'ratelimit-policy'] as const)(
    'alone goes by its own window when the server leaves out %s',
    async (without) => {
      const { wallMs, refused } = await simulate({ ...RUN, seed, without });
      expect(refused).toBe(0);
      // Without its policy nobody can tell whose requests a server has counted, so its reset is waited for.
      expect(wallMs / LEAST_MS).toBeLessThanOrEqual(without === 'ratelimit' ? 1.03 : 1.1);
    },
  );

  test.for([0, 100, 400])(
    'beside one that takes half, give or take %i ms, refuses neither',
    async (jitterMs) => {
      const neighbour = { everyMs: 500, jitterMs };
      const beside = { ...RUN, seed, neighbour, neighbourSinceMs: 60_000 };
      const { refused, neighbourRefused, wallMs } = await simulate(beside);
      expect({ refused, neighbourRefused }).toEqual({ refused: 0, neighbourRefused: 0 });
      // It has half of the quota, but for what it leaves alone.
      expect(wallMs / LEAST_MS).toBeLessThan(2.5);
    },
  );

  test.for([0, 10_000])(
    'beside one that came %i ms before it is hardly ever refused',
    async (neighbourSinceMs) => {
      const neighbour = { everyMs: 500, jitterMs: 100 };
      const { refused } = await simulate({ ...RUN, seed, neighbour, neighbourSinceMs });
      expect(refused / REQUESTS).toBeLessThan(0.01);
    },
  );

  test('with limits of its own that the server does not share is not refused', async () => {
    const wide = { requests: 1000, intervalMs: 300_000, concurrency: 4 };
    const short = { requests: 4, intervalMs: 1000, concurrency: 4 };
    for (const client of [wide, short]) {
      const { refused, wallMs } = await simulate({ ...RUN, client, seed, requests: 300 });
      expect(refused).toBe(0);
      expect(wallMs).toBeLessThan(90_000);
    }
  });
});
