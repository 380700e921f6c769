import type { ListPage } from './ports/pages.ts';
import { tellPage, type Reading } from './read.ts';
import { MOST_STALE_PAGES, repeated } from './scan.ts';

/**
 * What a quick run reads: new uploads, which a list of the newest images shows first. It only ever adds. Changes, removals
 * and whatever comes to light further down are left for a full run.
 */
export async function readNewest(reading: Reading): Promise<void> {
  const { source, stage, limits, mode, expected } = reading;
  const { stored, resumed } = stage;
  reading.emit({ type: 'sync.started', mode, expected, stored, resumed, plan: undefined });
  for (const list of source.newest(limits, stage.memory)) await readUntilKnown(reading, list);
  // An account without Images has been seen to list nothing rather than to refuse. Its statistics refuse.
  if (stage.listed === 0) await source.expected(limits);
}

/**
 * Reads a list until a page is known whole, or to its end. A page that holds any image unknown to readers says nothing of
 * the one behind it.
 *
 * @throws Failure `LIST_REPEATS` when several pages in a row show what this very run has seen.
 */
async function readUntilKnown(reading: Reading, list: AsyncIterable<ListPage>): Promise<void> {
  const { stage } = reading;
  let stale = 0;
  for await (const page of list) {
    const { listed } = stage;
    const known = stage.addNew(page);
    const isKnownWhole = known === page.count;
    stale = stage.listed === listed ? stale + 1 : 0;
    if (!isKnownWhole && stale === MOST_STALE_PAGES) throw repeated(page.number);
    tellPage(reading, page);
    if (isKnownWhole) return;
  }
}
