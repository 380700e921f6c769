/** What is smaller is not worth keeping, and may lie in Node.js's pool among the bytes of others. */
const LEAST = Buffer.poolSize + 1;

/** Larger memory is given back to the system. */
const LARGEST = 2 * 1024 * 1024;

/** So much memory is kept at most: for the pages that are under way at once. */
const MOST_KEPT = 6;

/**
 * The memory of pages, used again for the next ones. Given to the collector, a page would be one small object that it leaves
 * alone for long; and each new one of half a megabyte or more makes it look through the whole heap ever so often.
 *
 * Whoever gives memory back has lost it: views of it are empty from then on, so that nobody reads the next page in the last one.
 */
export class BufferPool {
  #free: ArrayBuffer[] = [];

  /** @returns At least so many bytes, whatever they hold. */
  take(length: number): Buffer<ArrayBuffer> {
    if (length < LEAST) return Buffer.allocUnsafeSlow(length);
    const found = this.#free.find(({ byteLength }) => byteLength >= length);
    if (found === undefined) return Buffer.allocUnsafeSlow(length);
    this.#free = this.#free.filter((buffer) => buffer !== found);
    return Buffer.from(found);
  }

  /** @param body - Alone in its memory, if it is large; a small one may not be, and is left alone. */
  giveBack({ buffer, length }: Buffer): void {
    if (length < LEAST || !(buffer instanceof ArrayBuffer)) return;
    if (buffer.byteLength > LARGEST) {
      buffer.transfer(0);
      return;
    }
    // The largest are of most use.
    const kept = [...this.#free, buffer.transfer()].sort((a, b) => b.byteLength - a.byteLength);
    for (const surplus of kept.splice(MOST_KEPT)) surplus.transfer(0);
    this.#free = kept;
  }
}
