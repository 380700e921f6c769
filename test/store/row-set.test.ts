import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowSet } from '../../src/store/row-set.ts';

test('holds the same rows as a Set of numbers, in ascending order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200_000 })), (rows) => {
      const set = new RowSet();
      const model = new Set<number>();
      for (const row of rows) {
        expect(set.add(row)).toBe(!model.has(row));
        model.add(row);
      }
      expect(set.size).toBe(model.size);
      expect(set.highest).toBe(Math.max(0, ...model));
      expect([...set]).toEqual([...model].sort((a, b) => a - b));
      for (const row of rows) expect(set.has(row)).toBe(true);
      expect(set.has(200_001)).toBe(false);
    }),
  );
});

test('costs about a bit a row', () => {
  const before = process.memoryUsage().arrayBuffers;
  const set = new RowSet();
  for (let row = 0; row < 4_000_000; row += 1) set.add(row);
  expect(set.size).toBe(4_000_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
});
