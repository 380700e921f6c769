import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/inventory/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0s', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1h30m', 5_400_000],
    ['1m500ms', 60_500],
    ['1.5h', 5_400_000],
    ['1.25h', 4_500_000],
    ['0.125s', 125],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', 'h', '2 h', '-1h', '+1h', '1h30', '1.h', '.5h', '1e3s', '1H', '2w', '1h\n'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('refuses a span that no number can hold', () => {
    expect(parseDuration(`${'9'.repeat(400)}d`)).toBeUndefined();
  });

  it('adds the parts up', () => {
    const amount = fc.nat({ max: 1000 });
    fc.assert(
      fc.property(amount, amount, amount, amount, amount, (d, h, m, s, ms) => {
        const total = (((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms;
        expect(parseDuration(`${d}d${h}h${m}m${s}s${ms}ms`)).toBe(total);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.4, '0 ms'],
    [850.2, '850 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1000, '1.0 s'],
    [4200, '4.2 s'],
    [9949, '9.9 s'],
    [9950, '10 s'],
    [9960, '10 s'],
    [10_000, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [200_000, '3 min 20 s'],
    [3_599_600, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_399_999, '1 d'],
    [273_600_000, '3 d 4 h'],
  ])('says %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('never names an amount that the next unit would hold', () => {
    const limits: Readonly<Record<string, number>> = { ms: 1000, s: 60, min: 60, h: 24 };
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => {
        for (const [, amount, unit] of formatDuration(ms).matchAll(/([\d.]+) ([a-z]+)/g)) {
          expect(Number(amount)).toBeLessThan(limits[unit ?? ''] ?? Infinity);
        }
      }),
    );
  });
});
