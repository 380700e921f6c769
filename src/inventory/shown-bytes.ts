import { hash } from 'node:crypto';

/**
 * Digests by which bytes that the API has shown before are known again. BLAKE2b is the fastest of those that nobody can
 * find a collision of: an image that is changed must not be taken for what it was, whatever was put into it.
 */
const ALGORITHM = 'blake2b512';

/** An image's digest: its first 16 bytes, as words of 32 bits. */
export const DIGEST_WORDS = 4;

/**
 * Stands for what the decoder makes of bytes. It is to be raised with any change of that: what an earlier program
 * remembers is then worth nothing, and all is read anew.
 */
export const DECODING = 1;

/** Where images stand in a page's bytes. */
export interface Places {
  readonly starts: Uint32Array;
  /** Each behind the image's last byte. */
  readonly ends: Uint32Array;
}

/** The digest of each image of a page, one behind the other, {@link DIGEST_WORDS} words each. */
export function digestImages(body: Uint8Array, { starts, ends }: Places): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(starts.length * DIGEST_WORDS);
  const bytes = Buffer.from(words.buffer);
  for (let index = 0; index < starts.length; index += 1) {
    // As text of one byte a character: a buffer for each costs as much as the digest itself.
    const digest = hash(ALGORITHM, body.subarray(starts[index], ends[index]), 'latin1');
    bytes.write(digest, index * 4 * DIGEST_WORDS, 4 * DIGEST_WORDS, 'latin1');
  }
  return words;
}

/** The digest of many digests: 32 bytes. */
export function digestAll(bytes: Uint8Array): Buffer {
  return hash(ALGORITHM, bytes, 'buffer').subarray(0, 32);
}
