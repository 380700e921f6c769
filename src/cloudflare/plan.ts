import type { ReadPage } from '../sync/ports/pages.ts';
import type { ListVersion } from './images-api.ts';

/**
 * How many requests reading a list to its end will take. It is a plan: pages may be shorter than asked for, and the
 * end may be doubted.
 *
 * @param expected - Images in the list, as the account states.
 * @param read - Pages that need not be read again.
 */
export function requestsToRead(
  version: ListVersion,
  expected: number,
  perPage: number,
  read: readonly ReadPage[],
): number {
  // What the server really gives, where that is known.
  const pageSize = read.reduce((most, { count }) => Math.max(most, count), 0) || perPage;
  const pages = Math.ceil(expected / pageSize);
  if (version === 'v1') return Math.max(0, pages - read.length) + 1;
  return read.at(-1)?.next === null ? 0 : Math.max(1, pages - read.length);
}
