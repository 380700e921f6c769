import { Failure } from '../inventory/failure.ts';
import type { Emit } from './events.ts';
import type { Limits, Source, Stage } from './ports.ts';

/**
 * Reads the whole list into the stage.
 *
 * A page that shows nothing new is a repeated one: the server ignores the page number, and believing
 * its next page would be a loop or a half-read list.
 *
 * @returns How many distinct images were listed.
 * @throws Failure when the end of the list was not reached.
 */
export async function scan(
  source: Source,
  stage: Stage,
  expected: number | undefined,
  limits: Limits,
  emit: Emit,
  onListed: (listed: number) => void,
): Promise<number> {
  let listed = 0;
  for await (const page of source.list(expected, limits)) {
    const fresh = stage.add(page.images);
    if (fresh === 0) throw repeated(page.number);
    listed += fresh;
    onListed(listed);
    emit({
      type: 'sync.page',
      page: page.number,
      images: page.images.length,
      listed,
      requestMs: page.requestMs,
      cfRay: page.cfRay,
    });
  }
  return listed;
}

function repeated(page: number): Failure {
  return new Failure(
    'LIST_REPEATS',
    `page ${page} of the list repeats images of earlier pages and shows no other`,
    { hint: 'The server seems to ignore the page number, so the list cannot be read to its end.' },
  );
}
