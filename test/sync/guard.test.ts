import { expect, test } from 'vitest';
import { exceedsLimits, held, heldEmpty, isStrangelyEmpty } from '../../src/sync/guard.ts';

const LIMITS = { maxFraction: 0.1, maxCount: 100, confirmRequests: 200, allowMassRemoval: false };
const ALLOWED = { ...LIMITS, allowMassRemoval: true };

test.for([
  [100, 100, false],
  [101, 1010, false],
  [101, 1009, true],
  [101, 2000, false],
  [201, 2000, true],
  [200, 2000, false],
] as const)('%i of %i removals exceed both bounds: %s', ([removed, stored, exceeds]) => {
  expect(exceedsLimits(removed, stored, LIMITS)).toBe(exceeds);
  expect(exceedsLimits(removed, stored, ALLOWED)).toBe(false);
});

test.for([
  [{ listed: 0, stored: 5, expected: 0, isBaseline: false }, true],
  [{ listed: 0, stored: 5, expected: undefined, isBaseline: false }, true],
  [{ listed: 1, stored: 5, expected: 5, isBaseline: false }, false],
  [{ listed: 0, stored: 0, expected: 3, isBaseline: true }, true],
  [{ listed: 0, stored: 0, expected: 3, isBaseline: false }, false],
  [{ listed: 0, stored: 0, expected: 0, isBaseline: true }, false],
  [{ listed: 0, stored: 0, expected: undefined, isBaseline: true }, false],
] as const)('%j is strangely empty: %s', ([{ listed, ...holdings }, isStrange]) => {
  expect(isStrangelyEmpty(listed, holdings, LIMITS)).toBe(isStrange);
  expect(isStrangelyEmpty(listed, holdings, ALLOWED)).toBe(false);
});

test('a held run says how many are gone, what was allowed, and what to do', () => {
  const failure = held(150, 1000, { ...LIMITS, maxFraction: 0.125 });
  expect(failure.code).toBe('HELD');
  expect(failure.message).toBe(
    'at least 150 of 1000 images are gone: more than 100 and more than 12.5% of them',
  );
  expect(failure.hint).toContain('sync --dry-run --allow-mass-removal');
});

test.for([
  [{ stored: 1, expected: 9, isBaseline: false }, '1 stored image says otherwise'],
  [{ stored: 2, expected: 9, isBaseline: false }, '2 stored images say otherwise'],
  [{ stored: 0, expected: 9, isBaseline: true }, 'its statistics say 9'],
] as const)(
  'an account that lists nothing is held by what speaks against it: %j',
  ([holdings, but]) => {
    const failure = heldEmpty(holdings);
    expect(failure.code).toBe('HELD');
    expect(failure.message).toBe(`the account lists no images, but ${but}`);
    expect(failure.hint).toContain('run once with --allow-mass-removal');
  },
);
