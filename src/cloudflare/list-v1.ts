import { Failure } from '../inventory/failure.ts';
import type { Limits, ListPage } from '../sync/ports.ts';

/** Asks for one page of the v1 list; an empty one has no images. */
export type FetchPage = (page: number, limits: Limits) => Promise<ListPage>;

/** How many pages beyond the last one known to hold images are asked for when nothing says where the end is. */
const LOOK_AHEAD = 3;

/**
 * Reads a numbered list to its end, pages side by side.
 *
 * Only an empty page ends the list: a server may return fewer images than were asked for and still
 * have more. The total that the account states, divided by what page 1 really held, tells how far
 * to read ahead, so that hardly any request goes past the end; it is never taken for the end.
 *
 * @param expected - Images in the account, as far as it says so.
 */
export async function* listNumberedPages(
  fetchPage: FetchPage,
  expected: number | undefined,
  concurrency: number,
  limits: Limits,
): AsyncGenerator<ListPage> {
  const stop = new AbortController();
  const own = { ...limits, signal: AbortSignal.any([limits.signal, stop.signal]) };
  const inFlight = new Map<number, Promise<ListPage>>();
  let next = 1;
  /** The last page that is worth asking for, as far as is known. */
  let horizon = 1;
  let lastFull = 0;
  let firstEmpty = Infinity;

  try {
    do {
      while (next <= horizon && next < firstEmpty && inFlight.size < concurrency) {
        inFlight.set(next, fetchPage(next, own));
        next += 1;
      }
      const page = await Promise.race(inFlight.values());
      inFlight.delete(page.number);
      if (page.images.length === 0) {
        firstEmpty = Math.min(firstEmpty, page.number);
        continue;
      }
      if (page.number === 1) horizon = planned(expected, page.images.length);
      lastFull = Math.max(lastFull, page.number);
      horizon = Math.max(horizon, lastFull + (expected === undefined ? LOOK_AHEAD : 1));
      yield page;
    } while (inFlight.size > 0 || next < firstEmpty);
  } finally {
    stop.abort();
    await Promise.allSettled(inFlight.values());
  }
  if (lastFull > firstEmpty) throw hole(firstEmpty, lastFull);
}

function planned(expected: number | undefined, pageSize: number): number {
  return expected === undefined ? 1 : Math.ceil(expected / pageSize);
}

function hole(empty: number, full: number): Failure {
  return new Failure(
    'LIST_INCONSISTENT',
    `page ${empty} of the list was empty, yet page ${full} was not`,
    { hint: 'The list moved while it was read, or the server is at fault. Run it again.' },
  );
}
