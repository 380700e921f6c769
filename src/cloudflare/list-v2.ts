import { Failure } from '../inventory/failure.ts';
import type { Limits } from '../sync/ports/clock.ts';
import type { ListPage, ReadPage } from '../sync/ports/pages.ts';

/** Asks for the page behind a continuation token; for the first page if there is none. */
export type FetchNext = (
  number: number,
  token: string | undefined,
  limits: Limits,
) => Promise<ListPage>;

/** What Cloudflare's text gives as the most that a list returns; whether a walk can pass it, it leaves open. */
const SUSPICIOUS_END = 10_000;

/**
 * Walks a list of continuation tokens to its end.
 *
 * Only a page without a token ends it: a short page does not, and an empty one does not. A token that comes again
 * would lead in a circle. A walk that stops at exactly 10,000 images was cut off if the account holds more.
 *
 * @param total - Images in the account, as far as it says so.
 * @param read - Pages that were read before, in their order.
 * @throws Failure `LIST_REPEATS` or `LIST_INCONSISTENT`.
 */
export async function* walkTokens(
  fetchNext: FetchNext,
  total: number | undefined,
  limits: Limits,
  read: readonly ReadPage[],
): AsyncGenerator<ListPage> {
  const tokens = new Set(read.map(({ next }) => next));
  let listed = read.reduce((sum, { count }) => sum + count, 0);
  let last: ReadPage | undefined = read.at(-1);
  while (last === undefined || typeof last.next === 'string') {
    const page = await fetchNext((last?.number ?? 0) + 1, last?.next ?? undefined, limits);
    if (typeof page.next === 'string' && tokens.has(page.next)) throw circular(page.number);
    tokens.add(page.next);
    listed += page.count;
    last = page;
    if (page.count > 0) yield page;
  }
  if (listed === SUSPICIOUS_END && total !== undefined && total > listed) throw cutOff(total);
}

function circular(page: number): Failure {
  return new Failure('LIST_REPEATS', `page ${page} of the list leads back to an earlier page`, {
    hint: 'The list cannot be read to its end just now. Run it again later; with IMAGE_INVENTORY_API=v1 a full run reads the other list.',
  });
}

function cutOff(total: number): Failure {
  const message = `the list ended at exactly ${SUSPICIOUS_END} images, yet the account holds ${total}`;
  return new Failure('LIST_INCONSISTENT', message, {
    hint: 'The v2 list seems to end there. Set IMAGE_INVENTORY_API to v1.',
  });
}
