import { Failure } from '../inventory/failure.ts';
import type { Limits } from './ports/clock.ts';
import type { ListPage, ReadPage } from './ports/pages.ts';
import type { Source } from './ports/source.ts';
import type { Stage } from './ports/stage.ts';

/** So many pages in a row that show nothing new are believed to be repeated. */
export const MOST_STALE_PAGES = 3;

export interface ScanOptions {
  readonly expected: number | undefined;
  readonly limits: Limits;
  /** Pages that need not be read again. */
  readonly read: readonly ReadPage[];
  /** More than this cannot be. A finite number says that the list was read before, so that pages without anything new are no surprise. */
  readonly mostPages: number;
  /** Told of each page once it is staged. */
  readonly onPage: (page: ListPage) => void;
}

/**
 * Reads the whole list into the stage.
 *
 * Uploads while the list is read push images that were seen already onto later pages, so a page may
 * show nothing new. Several in a row mean that the server repeats itself, and the end would never come.
 *
 * @throws Failure when the end of the list was not reached.
 */
export async function scan(source: Source, stage: Stage, options: ScanOptions): Promise<void> {
  const { expected, limits, read, mostPages, onPage } = options;
  let stale = 0;
  let pages = 0;
  for await (const page of source.list(expected, limits, read, stage.memory)) {
    const fresh = stage.add(page);
    pages += 1;
    stale = fresh === 0 ? stale + 1 : 0;
    const isStuck = mostPages === Infinity && stale === MOST_STALE_PAGES;
    if (isStuck || pages > mostPages) throw repeated(page.number);
    onPage(page);
  }
}

/** The failure of a list that does not come to an end. */
export function repeated(page: number): Failure {
  return new Failure(
    'LIST_REPEATS',
    `page ${page} of the list repeats images of earlier pages, as did the pages before it`,
    {
      hint: 'The server seems to ignore which page is asked for, so the list cannot be read to its end.',
    },
  );
}
