import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sample } from '../../src/sync/sample.ts';

test('draws as many as are wanted, none twice, all from the stream, and counts them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(), { maxLength: 5 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 30 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (sizes, size, randoms) => {
        let next = 0;
        const batches = sizes.map((batch) => batch.map(() => (next += 1)));
        const { drawn, total } = sample(batches, size, () => Number(randoms.next().value));
        expect(total).toBe(next);
        expect(drawn).toHaveLength(Math.min(size, next));
        expect(new Set(drawn).size).toBe(drawn.length);
        for (const item of drawn) expect(item >= 1 && item <= next).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test('gives each the same chance', () => {
  const chosen = new Map<number, number>();
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed / 0x80000000;
  };
  const items = Array.from({ length: 20 }, (_, index) => index);
  for (let times = 0; times < 4000; times += 1) {
    for (const item of sample([items], 5, random).drawn) {
      chosen.set(item, (chosen.get(item) ?? 0) + 1);
    }
  }
  // A quarter of 4000 each; five standard deviations are 137.
  for (const item of items) {
    expect(Math.abs((chosen.get(item) ?? 0) - 1000), `item ${item}`).toBeLessThan(137);
  }
});
