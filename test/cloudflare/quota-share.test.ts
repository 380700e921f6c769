import { describe, expect, test } from 'vitest';
import { simulate, type Simulation } from '../support/simulated-quota.ts';

const QUOTA = { requests: 120, intervalMs: 30_000 };
/** 600 pages, the statistics, and the empty page at the end. */
const REQUESTS = 602;
/** So many full intervals have to pass before the last of them may be sent. */
const LEAST_MS = Math.floor((REQUESTS - 1) / QUOTA.requests) * QUOTA.intervalMs;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

const RUN = { server: QUOTA, client: { ...QUOTA, concurrency: 4 }, requests: REQUESTS };

async function told(simulation: Simulation) {
  const result = await simulate(simulation);
  console.log(simulation.seed, (result.wallMs / LEAST_MS).toFixed(4), JSON.stringify({...result, waits: result.waits.length}));
  return result;
}

describe('a run alone with its quota', () => {
  test.for(SEEDS)('seed %i', async (seed) => {
    const { wallMs, refused } = await told({ ...RUN, seed });
    expect(refused).toBe(0);
    expect(wallMs / LEAST_MS).toBeLessThanOrEqual(1.03);
  });
  test.for(SEEDS)('c16 seed %i', async (seed) => {
    const { wallMs, refused } = await told({ ...RUN, client: {...QUOTA, concurrency: 16}, seed });
    expect(refused).toBe(0);
    expect(wallMs / LEAST_MS).toBeLessThanOrEqual(1.03);
  });
});

describe('beside a neighbour that takes half', () => {
  for (const since of [60_000, 10_000, 0]) for (const jitterMs of [0,100, 400])
  test.for(SEEDS)(`${since} ${jitterMs} seed %i`, async (seed) => {
    const neighbour = { everyMs: 500, jitterMs };
    const { refused } = await told({ ...RUN, seed, neighbour, neighbourSinceMs: since });
    expect(refused / REQUESTS).toBeLessThan(0.01);
  });
});
