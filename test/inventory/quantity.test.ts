import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCount, formatNumber } from '../../src/inventory/quantity.ts';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1234, '1,234'],
    [1_234_567, '1,234,567'],
    [-1234, '-1,234'],
  ])('says %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('groups the digits by three and changes none', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const text = formatNumber(value);
        expect(text).toMatch(/^\d{1,3}(,\d{3})*$/);
        expect(Number(text.replaceAll(',', ''))).toBe(value);
      }),
    );
  });
});

describe('formatCount', () => {
  it.each([
    [0, '0 images'],
    [1, '1 image'],
    [2, '2 images'],
    [1234, '1,234 images'],
  ])('says %d as %s', (amount, text) => {
    expect(formatCount(amount, 'image')).toBe(text);
  });
});
