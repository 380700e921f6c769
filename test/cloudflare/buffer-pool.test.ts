import { expect, test } from 'vitest';
import { BufferPool } from '../../src/cloudflare/buffer-pool.ts';

const KB = 1024;

/** Memory that has been taken and given back, largest first. */
function givenBack(pool: BufferPool, ...lengths: readonly number[]): void {
  const taken = lengths.map((length) => pool.take(length));
  for (const body of taken) pool.giveBack(body);
}

test('memory that is given back is used again, for what fits into it', () => {
  const pool = new BufferPool();
  givenBack(pool, 500 * KB);
  expect(pool.take(600 * KB).length).toBe(600 * KB);
  expect(pool.take(400 * KB).length).toBe(500 * KB);
  expect(pool.take(400 * KB).length).toBe(400 * KB);
});

test('nobody reads the next page in the last one', () => {
  const pool = new BufferPool();
  const page = pool.take(500 * KB);
  const [view, part] = [new Uint8Array(page.buffer), page.subarray(10, 20)];
  pool.giveBack(page.subarray(0, 300 * KB));
  const next = pool.take(500 * KB);
  next.fill(7);
  expect([page.length, view.length, part.length]).toEqual([0, 0, 0]);
});

test('a small body keeps its memory, which may be that of others as well', () => {
  const pool = new BufferPool();
  const small = Buffer.from('a small body');
  pool.giveBack(small);
  expect(small.toString()).toBe('a small body');
  expect(pool.take(10).length).toBe(10);
});

test('memory that is kept is bounded: what is too large, or too much, goes back to the system', () => {
  const pool = new BufferPool();
  givenBack(pool, 3000 * KB);
  expect(pool.take(2000 * KB).length).toBe(2000 * KB);
  givenBack(pool, ...Array.from({ length: 20 }, (_, index) => (100 + index) * KB));
  const lengths = Array.from({ length: 20 }, () => pool.take(90 * KB).length / KB);
  expect(lengths.filter((length) => length > 90)).toEqual([119, 118, 117, 116, 115, 114]);
});
