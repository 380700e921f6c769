import { expect, test } from 'vitest';
import { requestsToRead } from '../../src/cloudflare/plan.ts';
import type { ReadPage } from '../../src/sync/ports/pages.ts';

const pages = (counts: readonly number[], next?: string | null): readonly ReadPage[] =>
  counts.map((count, index) => ({ list: 0, number: index + 1, count, next }));

test.for([
  { expected: 1_000_000, read: [], v1: 1001, v2: 1000 },
  { expected: 1_000_001, read: [], v1: 1002, v2: 1001 },
  { expected: 0, read: [], v1: 1, v2: 1 },
  { expected: 5000, read: [1000, 1000], v1: 4, v2: 3 },
  { expected: 5000, read: [100, 100], v1: 49, v2: 48 },
  { expected: 1000, read: [1000, 1000], v1: 1, v2: 1 },
])('$expected images, pages of $read read: $v1 or $v2 requests', ({ expected, read, v1, v2 }) => {
  expect(requestsToRead('v1', expected, 1000, pages(read))).toBe(v1);
  expect(requestsToRead('v2', expected, 1000, pages(read, 'a token'))).toBe(v2);
});

test('a walk that had reached its end takes none', () => {
  expect(requestsToRead('v2', 5000, 1000, pages([1000], null))).toBe(0);
});
