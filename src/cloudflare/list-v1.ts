import { Failure } from '../inventory/failure.ts';
import type { Limits } from '../sync/ports/clock.ts';
import type { ListPage, ReadPage } from '../sync/ports/pages.ts';

/** Asks for one page of the v1 list; an empty one has no images. */
export type FetchPage = (page: number, limits: Limits) => Promise<ListPage>;

/** How many pages beyond the last one known to hold images are asked for when nothing says where the end is. */
const LOOK_AHEAD = 2;

export interface NumberedListOptions {
  /** Images in the list, as far as the account says so. */
  readonly expected: number | undefined;
  /** Pages asked for at once. */
  readonly concurrency: number;
  readonly limits: Limits;
  /** Pages that are known already, in any order. */
  readonly read: readonly ReadPage[];
}

/**
 * Reads a numbered list to its end, pages side by side.
 *
 * Only an empty page ends the list: a server may return fewer images than were asked for and still
 * have more. The total that the account states, divided by what page 1 really held, tells how far
 * to read ahead, so that hardly any request goes past the end; it is never taken for the end.
 *
 * The first empty page is doubted, and asked for once more, when it stands before a page with images,
 * when fewer images were listed than the account states, or when it states nothing: a server that is at fault
 * for a moment would otherwise halve the list.
 */
export async function* listNumberedPages(
  fetchPage: FetchPage,
  { expected, concurrency, limits, read }: NumberedListOptions,
): AsyncGenerator<ListPage> {
  const stop = new AbortController();
  const own = { ...limits, signal: AbortSignal.any([limits.signal, stop.signal]) };
  const inFlight = new Map<number, Promise<ListPage>>();
  const plan = new PagePlan(expected, read);

  try {
    for (;;) {
      while (inFlight.size < concurrency) {
        const number = plan.next();
        if (number === undefined) break;
        inFlight.set(number, fetchPage(number, own));
      }
      if (inFlight.size === 0) break;
      const page = await Promise.race(inFlight.values());
      inFlight.delete(page.number);
      plan.learn(page.number, page.count, inFlight.size === 0);
      if (page.count > 0) yield page;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(inFlight.values());
  }
  plan.assertWhole();
}

/** Which page to ask for next, from what the pages so far have shown. */
class PagePlan {
  readonly #expected: number | undefined;
  /** The first page that was never asked for. */
  #fresh = 1;
  /** Pages that need not be asked for. */
  readonly #known: ReadonlySet<number>;
  /** The last page that is worth asking for, as far as is known. */
  #horizon = 1;
  #lastNonEmpty = 0;
  #listed = 0;
  /** Pages that were empty when they were last asked for. */
  readonly #empty = new Set<number>();
  readonly #doubted = new Set<number>();
  /** A page that is doubted, and still to be asked for again. */
  #again: number | undefined;

  constructor(expected: number | undefined, read: readonly ReadPage[]) {
    this.#expected = expected;
    this.#known = new Set(read.map(({ number }) => number));
    for (const { number, count } of read) this.#learnOfImages(number, count);
    this.#skipKnown();
  }

  next(): number | undefined {
    const again = this.#again;
    this.#again = undefined;
    if (again !== undefined) return again;
    if (this.#fresh > this.#horizon || this.#fresh >= this.#firstEmpty()) return undefined;
    const number = this.#fresh;
    this.#fresh += 1;
    this.#skipKnown();
    return number;
  }

  #skipKnown(): void {
    while (this.#known.has(this.#fresh)) this.#fresh += 1;
  }

  /** @param isLast - Whether no other page is under way. */
  learn(number: number, count: number, isLast: boolean): void {
    if (count === 0) this.#empty.add(number);
    else this.#learnOfImages(number, count);
    const first = this.#firstEmpty();
    if (!isLast || first === Infinity || this.#doubted.has(first) || !this.#isDoubtful()) return;
    this.#doubted.add(first);
    this.#again = first;
  }

  #learnOfImages(number: number, count: number): void {
    this.#empty.delete(number);
    this.#listed += count;
    this.#lastNonEmpty = Math.max(this.#lastNonEmpty, number);
    if (number === 1 && this.#expected !== undefined) {
      this.#horizon = Math.ceil(this.#expected / count);
    }
    const beyond = this.#expected === undefined ? LOOK_AHEAD : 1;
    this.#horizon = Math.max(this.#horizon, this.#lastNonEmpty + beyond);
  }

  /** @throws Failure `LIST_INCONSISTENT` if an empty page stood before one with images to the last. */
  assertWhole(): void {
    const empty = this.#firstEmpty();
    if (this.#lastNonEmpty < empty) return;
    throw new Failure(
      'LIST_INCONSISTENT',
      `page ${empty} of the list was empty, yet page ${this.#lastNonEmpty} was not`,
      { hint: 'The list moved while it was read, or the server is at fault. Run it again.' },
    );
  }

  #isDoubtful(): boolean {
    if (this.#lastNonEmpty > this.#firstEmpty()) return true;
    // Two empty pages do not vouch for each other: one bad moment can hit both.
    return this.#expected === undefined || this.#listed < this.#expected;
  }

  #firstEmpty(): number {
    return Math.min(...this.#empty, Infinity);
  }
}
