import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTimestamp } from '../../src/export/parquet/timestamp.ts';

const EXACT = { isExact: true };

test.each([
  ['1970-01-01T00:00:00Z', 0n],
  ['1969-12-31T23:59:59.999999Z', -1n],
  ['1970-01-01T00:00:00.000001000Z', 1n],
  ['1970-01-01t01:00:00.5+01:00', 500_000n],
  ['1969-12-31 23:00:00-01:00', 0n],
  ['2024-02-29T00:00:00z', 1_709_164_800_000_000n],
])('%s is a moment', (text, microseconds) => {
  expect(parseTimestamp(text)).toEqual({ microseconds, ...EXACT });
});

test('what is finer than a microsecond is cut off', () => {
  expect(parseTimestamp('1970-01-01T00:00:00.0000019Z')).toEqual({
    microseconds: 1n,
    isExact: false,
  });
});

test.each([
  '',
  'soon',
  '2026-01-31',
  '2026-01-31T16:00Z',
  '2026-01-31T16:00:00',
  '2026-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-32T00:00:00Z',
  '2026-01-31T24:00:00Z',
  '2026-01-31T23:60:00Z',
  '2026-01-31T23:59:60Z',
  '2026-01-31T16:00:00+25:00',
  '0000-01-01T00:00:00Z',
  '+010000-01-01T00:00:00Z',
])('"%s" is none', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test('every moment that JavaScript writes is read', () => {
  const date = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(date, (moment) => {
      const microseconds = BigInt(moment.getTime()) * 1000n;
      expect(parseTimestamp(moment.toISOString())).toEqual({ microseconds, ...EXACT });
    }),
  );
});
