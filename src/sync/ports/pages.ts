import type { Image } from '../../inventory/image.ts';

/**
 * A page that was read, as far as another process must know it to go on behind it. It is kept on disk
 * while a run is under way, and never logged.
 */
export interface ReadPage {
  /** Which list, counted from 0: a filtered account is one list a creator. */
  readonly list: number;
  /** Counted from 1. */
  readonly number: number;
  /** How many images it held. */
  readonly count: number;
  /** Where a list of cursors goes on, `null` at its end; `undefined` in a list of numbered pages. */
  readonly next: string | null | undefined;
}

/** The bytes of a page, by which it is known again. */
export interface PageBytes {
  /** Of the whole page; `undefined` if no other page can have the same, such as one that leads to the next. */
  readonly digest: Buffer | undefined;
  /** Of each image, in the order of the page. */
  readonly images: Uint32Array;
}

/** One page of the list, after it was proved to be one. */
export interface ListPage extends ReadPage {
  /** For each image the row that the memory knows it by, if it is as it was; else 0. */
  readonly rows: Uint32Array;
  /** The others, in the order of the page. */
  readonly images: readonly Image[];
  /** `undefined` if they are of no use: the page is known as a whole, or nobody can tell where its images begin. */
  readonly bytes: PageBytes | undefined;
  readonly requestMs: number;
  readonly cfRay: string | undefined;
}

/** The images of a page that was not read yet. */
export interface PageImages {
  readonly length: number;
  /** As {@link PageBytes.images}. */
  readonly digests: Uint32Array;
  /** Reads one. @throws Failure `BAD_ANSWER` if it is no image. */
  at(index: number): Image;
}

/**
 * What was shown by which bytes. A source asks it, so that nobody reads again what was read before; what it knows is as it
 * is stored.
 */
export interface Memory {
  /** The rows of all images of a page. @returns `undefined` unless the same bytes would show all of them as they are stored. */
  page(digest: Buffer): Uint32Array | undefined;
  /** For each image of a page the row that holds what the same bytes would show; 0 where that is not known. */
  recognize(images: PageImages): Uint32Array;
}
