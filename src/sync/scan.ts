import { Failure } from '../inventory/failure.ts';
import type { Limits, ListPage, Source, Stage } from './ports.ts';

/**
 * Reads the whole list into the stage.
 *
 * A page that shows nothing new is a repeated one: the server ignores the page number, and believing
 * its next page would be a loop or a half-read list.
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
  for await (const page of source.list(expected, limits)) {
    const fresh = stage.add(page.images);
    if (fresh === 0) throw repeated(page.number);
    onPage(page, fresh);
  }
}

function repeated(page: number): Failure {
  return new Failure(
    'LIST_REPEATS',
    `page ${page} of the list repeats images of earlier pages and shows no other`,
    { hint: 'The server seems to ignore the page number, so the list cannot be read to its end.' },
  );
}
