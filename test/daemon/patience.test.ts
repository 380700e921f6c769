import { expect, test } from 'vitest';
import { patienceAfter } from '../../src/daemon/patience.ts';

const minutes = (ms: number | undefined): number | undefined => ms && ms / 60_000;

test('a run that failed is tried again after ever longer waits, up to an hour', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 2000].map((failures) =>
    minutes(patienceAfter('UNREACHABLE', failures).retryMs),
  );
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test.for(['ACCESS_REFUSED', 'ROUTE_REFUSED', 'FILTER_REFUSED'] as const)(
  'after %s it is not tried again, and the schedule is not followed for a while',
  (code) => {
    const holdOffs = [1, 2, 3, 5, 6, 2000].map((failures) => {
      const { retryMs, holdOffMs } = patienceAfter(code, failures);
      expect(retryMs).toBeUndefined();
      return minutes(holdOffMs);
    });
    expect(holdOffs).toEqual([15, 30, 60, 240, 360, 360]);
  },
);

test('a run that was held waits for the schedule, and for somebody who decides', () => {
  expect(patienceAfter('HELD', 3)).toEqual({ retryMs: undefined, holdOffMs: 0 });
});
