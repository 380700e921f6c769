import { Failure } from '../inventory/failure.ts';
import type { Limits, ListPage, Source, Stage } from './ports.ts';

/** So many pages in a row that show nothing new are believed to be repeated. */
const MOST_STALE_PAGES = 3;

/**
 * Reads the whole list into the stage.
 *
 * Uploads while the list is read push images that were seen already onto later pages, so a page may
 * show nothing new. Several in a row mean that the server repeats itself, and the end would never come.
 *
 * @param onPage - Told of each page once it is staged, with the number of images that were new to the run.
 * @throws Failure when the end of the list was not reached.
 */
export async function scan(
  source: Source,
  stage: Stage,
  expected: number | undefined,
  limits: Limits,
  onPage: (page: ListPage, fresh: number) => void,
): Promise<void> {
  let stale = 0;
  for await (const page of source.list(expected, limits)) {
    const fresh = stage.add(page.images);
    stale = fresh === 0 ? stale + 1 : 0;
    if (stale === MOST_STALE_PAGES) throw repeated(page.number);
    onPage(page, fresh);
  }
}

function repeated(page: number): Failure {
  return new Failure(
    'LIST_REPEATS',
    `page ${page} of the list repeats images of earlier pages, as did the pages before it`,
    { hint: 'The server seems to ignore the page number, so the list cannot be read to its end.' },
  );
}
