import { digestImages } from '../inventory/shown-bytes.ts';
import { splitPage, type SplitPage } from './split-page.ts';

/** A page as its bytes tell, without a look at what its images say. */
export interface SplitBody extends SplitPage {
  readonly body: Buffer;
  /** Of each image. */
  readonly digests: Uint32Array;
}

/** The body of an answer, and its images; without them it is to be read as a whole. */
export interface Split {
  readonly body: Buffer;
  readonly images: SplitBody | undefined;
}

/** Finds and digests the images in the bodies of answers. */
export interface Splitter {
  /** @param body - Alone in its memory, if it is large. It may be moved from there: what comes back is the same. */
  split(body: Buffer): Promise<Split>;
}

/** Finds and digests the images of a page. */
export function splitBody(body: Buffer): SplitBody | undefined {
  const split = splitPage(body);
  return split && { ...split, body, digests: digestImages(body, split) };
}

/** Splits where it is asked. */
export const splitHere: Splitter = {
  split: (body) => Promise.resolve({ body, images: splitBody(body) }),
};
