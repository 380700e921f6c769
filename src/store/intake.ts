import { DIGEST_WORDS } from '../inventory/shown-bytes.ts';
import type { Image } from '../inventory/image.ts';
import type { ListPage, PageBytes } from '../sync/ports/pages.ts';
import type { ShownImages } from './shown-images.ts';
import type { Sighting, Sightings } from './sightings.ts';

/** What a page showed. */
export interface Shown {
  /** The rows of its images, in their order. */
  readonly rows: Uint32Array;
  /** How many of them the run had not seen before. */
  readonly fresh: number;
  /** How many of them readers know. */
  readonly known: number;
}

/** Stages one image that the memory did not know. @param place - On its page. */
export type Show = (image: Image, place: number) => Sighting;

/** Stages a page, and remembers which bytes showed what is stored. The caller holds the transaction. */
export function takeIn(
  page: ListPage,
  sightings: Sightings,
  show: Show,
  shown: ShownImages,
): Shown {
  const rows = page.rows.slice();
  const stored: number[] = [];
  let fresh = 0;
  let known = 0;
  let next = 0;
  for (let place = 0; place < rows.length; place += 1) {
    const rowId = page.rows[place] ?? 0;
    if (rowId !== 0) {
      if (sightings.showAgain(rowId)) fresh += 1;
      known += 1;
      continue;
    }
    const image = page.images[next];
    if (image === undefined) throw new RangeError('a page without one of its images');
    next += 1;
    const sighting = show(image, place);
    rows[place] = sighting.rowId;
    if (sighting.isFresh) fresh += 1;
    if (sighting.isKnown) known += 1;
    if (sighting.isStored) stored.push(place);
  }
  if (page.bytes !== undefined && stored.length > 0) shown.write(rows, page.bytes.images, stored);
  return { rows, fresh, known };
}

/** The digest of the image at a place of a page, if there is one. */
export function digestAt(bytes: PageBytes | undefined, place: number): Buffer | null {
  if (bytes === undefined) return null;
  const { buffer, byteOffset } = bytes.images;
  return Buffer.from(buffer, byteOffset + 4 * DIGEST_WORDS * place, 4 * DIGEST_WORDS);
}
