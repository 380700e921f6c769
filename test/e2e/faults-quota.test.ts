import { describe, expect, test } from 'vitest';
import type { FaultName } from '../../src/emulator/choices.ts';
import { query } from '../support/inventory.ts';
import { serveAccount } from '../support/served-account.ts';
import {
  change,
  envOf,
  expectEqual,
  lastRun,
  LISTS,
  published,
  serveChanged,
  strikeForEver,
  strikeOnce,
} from '../support/strike.ts';

/** Ways to say "too many requests" that name a time soon to come, or none. */
const SOON: readonly FaultName[] = [
  'throttled',
  'throttled-200',
  'throttled-date',
  'throttled-garbage',
  'throttled-zero',
];

describe.for(LISTS)('the quota of the $api list', (list) => {
  test.for(SOON)('%s: once, waited for and told; for ever, exit 7', async (name) => {
    const served = await serveAccount({ images: 35 });
    // Being throttled is no fault, so it costs no retry.
    const once = await strikeOnce(served, name, list, { IMAGE_INVENTORY_MAX_RETRIES: '0' });
    const waiting = once.log().find(({ event }) => event === 'sync.waiting');
    expect(waiting).toMatchObject({ reason: 'throttled' });

    change(served);
    const run = await strikeForEver(served, name, list, { IMAGE_INVENTORY_DEADLINE: '2' });
    expect(run.code).toBe(7);
    expect(run.stderr).toContain('raise IMAGE_INVENTORY_DEADLINE');
    expect(run.ledger).toMatchObject({ status: 'incomplete', error_code: 'RATE_LIMITED' });
  });

  test('Retry-After beyond the deadline: exit 7 at once, since waiting would be in vain', async () => {
    // The deadline is two hours: a run that waited for it would outlast this test.
    const run = await strikeForEver(await serveChanged(list), 'throttled-absurd', list);
    expect(run.code).toBe(7);
    expect(run.ledger).toMatchObject({ error_code: 'RATE_LIMITED', retries: 0 });
  });

  test('every single request is refused: exit 7, and the statistics are not skipped', async () => {
    const served = await serveChanged(list);
    const before = published(served);
    served.emulator.faults.add({ name: 'throttled' });
    const { code } = await served.sync([], { ...envOf(list), IMAGE_INVENTORY_DEADLINE: '2' });
    expect(code).toBe(7);
    expect(lastRun(served)).toMatchObject({ error_code: 'RATE_LIMITED' });
    expect(published(served)).toEqual(before);
  });

  test('a storm with Retry-After: obeyed in full, by every request', async () => {
    const rateLimit = { requests: 3, intervalMs: 1000, blockMs: 1000 };
    const served = await serveAccount({ images: 55, rateLimit });
    expect((await served.sync([], envOf(list))).code).toBe(0);
    expect(served.emulator.rateLimiter?.refused).toBeLessThanOrEqual(1);
    expectEqual(served);
  });

  test('a quota that comes back after the deadline: exit 7 at once', async () => {
    const served = await serveAccount({
      rateLimit: { requests: 1, intervalMs: 3_600_000, blockMs: 3_600_000 },
    });
    const { code, stderr } = await served.sync([], {
      ...envOf(list),
      IMAGE_INVENTORY_DEADLINE: '20',
    });
    expect(code).toBe(7);
    expect(stderr).toMatch(/429|quota/);
    expect(query(served.database, 'SELECT status, error_code FROM runs')).toEqual([
      { status: 'incomplete', error_code: 'RATE_LIMITED' },
    ]);
  });
});
