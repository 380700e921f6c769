import { digestImages, digestPage } from '../inventory/shown-bytes.ts';
import { splitPage, type SplitPage } from './split-page.ts';

/** A page as its bytes tell, without a look at what its images say. */
export interface SplitBody extends SplitPage {
  readonly body: Buffer;
  /** Of each image. */
  readonly digests: Uint32Array;
}

/** The bytes of an answer under examination. Either it is split, once, or it is disposed of. */
export interface Examined extends Disposable {
  /** Of all bytes; 32 bytes. */
  readonly digest: Buffer;
  /** Finds the images. Without `images` the body is to be read as a whole. */
  split(): Promise<{ readonly body: Buffer; readonly images: SplitBody | undefined }>;
}

/** Looks into the bytes of answers. The bytes are its own from then on. */
export interface Examiner {
  examine(body: Buffer): Promise<Examined>;
}

/** Finds and digests the images of a page. */
export function splitBody(body: Buffer): SplitBody | undefined {
  const split = splitPage(body);
  return split && { ...split, body, digests: digestImages(body, split) };
}

/** Examines where it is asked. */
export const examineHere: Examiner = {
  examine: (body) =>
    Promise.resolve({
      digest: digestPage(body),
      split: () => Promise.resolve({ body, images: splitBody(body) }),
      [Symbol.dispose]: () => undefined,
    }),
};
