import { expect, test } from 'vitest';
import { parseCron } from '../../src/daemon/cron.ts';
import { readyUntil } from '../../src/daemon/ready-until.ts';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 0, 1, 12);
/** A run that took five minutes, and ended at noon. */
const LAST = { at: NOON, durationMs: 5 * MINUTE };

test('two scheduled runs may be missed, and the third has its time', () => {
  const hourly = parseCron('0 * * * *', 'UTC', 'S');
  expect(readyUntil(LAST, hourly, undefined)).toBe(NOON + 3 * 60 * MINUTE + 5 * MINUTE);
});

test('a bound that somebody set counts alone', () => {
  const hourly = parseCron('0 * * * *', 'UTC', 'S');
  expect(readyUntil(LAST, hourly, 7 * MINUTE)).toBe(NOON + 7 * MINUTE);
});

test('a schedule that does not come again in eight years makes nobody late', () => {
  const fifthMondayOfFebruary = parseCron('0 0 * 2 1#5', 'UTC', 'S');
  expect(readyUntil(LAST, fifthMondayOfFebruary, undefined)).toBe(Infinity);
});
