import type { Image } from '../../src/inventory/image.ts';
import type { ListPage } from '../../src/sync/ports/pages.ts';

/** A page of a numbered list, or of one of tokens if it is told where it leads. */
export function pageOf(
  images: readonly Image[],
  place: Partial<Pick<ListPage, 'list' | 'number' | 'next'>> = {},
): ListPage {
  const { length: count } = images;
  const fixed = { count, rows: new Uint32Array(count), requestMs: 1, cfRay: undefined };
  return { list: 0, number: 1, next: undefined, bytes: undefined, ...place, images, ...fixed };
}
