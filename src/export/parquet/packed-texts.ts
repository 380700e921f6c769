/** A place in {@link PackedTexts}: where the text ends, or that there is none. */
const ABSENT = -1;

/**
 * Texts as UTF-8, one behind the other in one block of memory: a hundred thousand rows are a few objects, and not a million
 * strings that the garbage collector looks at again and again.
 */
export class PackedTexts {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #used = 0;
  readonly #ends: number[] = [];

  push(text: string | null): void {
    if (text === null) {
      this.#ends.push(ABSENT);
      return;
    }
    // A UTF-16 code unit is at most three bytes of UTF-8.
    this.#makeRoom(3 * text.length);
    this.#used += this.#bytes.write(text, this.#used);
    this.#ends.push(this.#used);
  }

  /** The texts in their order. They are views, and good until the next {@link PackedTexts.clear}. */
  toArray(): (Uint8Array | null)[] {
    const { buffer } = this.#bytes;
    let start = 0;
    return this.#ends.map((end) => {
      if (end === ABSENT) return null;
      const view = new Uint8Array(buffer, start, end - start);
      start = end;
      return view;
    });
  }

  /** Begins anew in the same memory. */
  clear(): void {
    this.#used = 0;
    this.#ends.length = 0;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}
