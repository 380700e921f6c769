import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { query } from '../support/inventory.ts';
import type { Env } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';
import { change, envOf, expectEqual, expectNothingStaged, LISTS } from '../support/strike.ts';

const CLOCK_JUMP = fileURLToPath(new URL('../support/clock-jump.ts', import.meta.url));
const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS;

/** The time of day jumps when the third request is made. */
const jumping = (ms: number): Env => ({
  NODE_OPTIONS: `--import=${CLOCK_JUMP}`,
  JUMP_MS: String(ms),
  JUMP_AT: '3',
});

/** The window is full at every third request: who measures it by the time of day waits for hours. */
const NARROW: Env = { IMAGE_INVENTORY_RATE_REQUESTS: '3', IMAGE_INVENTORY_RATE_INTERVAL: '0.3' };

const JUMPS = [
  { what: 'an hour ahead', ms: HOUR_MS },
  { what: 'an hour back', ms: -HOUR_MS },
  { what: 'ten years ahead', ms: TEN_YEARS_MS },
  { what: 'ten years back', ms: -TEN_YEARS_MS },
];

describe.for(LISTS)('the time of day jumps while the $api list is read', (list) => {
  test.for(JUMPS)('$what: nothing waits for it, and the run completes', async ({ ms }) => {
    const served = await serveAccount({ images: 35 });
    const { code, stderr } = await served.sync([], { ...envOf(list), ...NARROW, ...jumping(ms) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectEqual(served);

    change(served);
    expect((await served.sync([], envOf(list))).code).toBe(0);
    expectEqual(served);
  });

  test('ten years back while the server hangs: the deadline ends the run', async () => {
    const served = await serveAccount({ images: 35 });
    served.emulator.faults.add({ name: 'hang', path: list.later });
    const env = { ...envOf(list), ...jumping(-TEN_YEARS_MS), IMAGE_INVENTORY_DEADLINE: '1' };
    expect((await served.sync([], env)).code).toBe(3);
    expect(query(served.database, 'SELECT error_code FROM runs')).toEqual([
      { error_code: 'DEADLINE' },
    ]);
    expectNothingStaged(served);
  });
});

test('Retry-After as a date is past for a clock that is ahead: asked again after a pause of its own', async () => {
  const [list] = LISTS;
  const served = await serveAccount({ images: 35 });
  served.emulator.faults.add({ name: 'throttled-date', path: /page=2&/, times: 1 });
  const { code, log } = await served.sync([], { ...envOf(list), ...jumping(HOUR_MS) });
  expect(code).toBe(0);
  expect(log().find(({ event }) => event === 'sync.waiting')).toMatchObject({ wait_ms: 1000 });
  expectEqual(served);
});

test('Retry-After as a date is far off for a clock that is behind: exit 7 where it is beyond the deadline', async () => {
  const [list] = LISTS;
  const served = await serveAccount({ images: 35 });
  served.emulator.faults.add({ name: 'throttled-date', path: /page=2&/, times: 1 });
  const { code } = await served.sync([], { ...envOf(list), ...jumping(-TEN_YEARS_MS) });
  expect(code).toBe(7);
  expectNothingStaged(served);
});
