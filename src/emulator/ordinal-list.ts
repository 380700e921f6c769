/**
 * An ascending list of ordinals, four bytes each. It only ever grows at its end, so that a place in it
 * is found by binary search.
 */
export class OrdinalList {
  #ordinals: Uint32Array;
  #size: number;

  /** A list of 0 to `size` − 1. */
  constructor(size: number) {
    this.#ordinals = Uint32Array.from({ length: size }, (_, index) => index);
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /** The list itself, not a copy: the next change moves it. */
  ascending(): Uint32Array {
    return this.#ordinals.subarray(0, this.#size);
  }

  has(ordinal: number): boolean {
    return this.#indexOf(ordinal) !== -1;
  }

  /** Adds an ordinal that is larger than all others. */
  append(ordinal: number): void {
    if (this.#size === this.#ordinals.length) {
      const larger = new Uint32Array(Math.max(16, this.#size * 2));
      larger.set(this.#ordinals);
      this.#ordinals = larger;
    }
    this.#ordinals[this.#size] = ordinal;
    this.#size += 1;
  }

  /** Removes an ordinal that is in the list. */
  remove(ordinal: number): void {
    const index = this.#indexOf(ordinal);
    this.#ordinals.copyWithin(index, index + 1, this.#size);
    this.#size -= 1;
  }

  #indexOf(ordinal: number): number {
    let low = 0;
    let high = this.#size - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#ordinals[middle] ?? 0;
      if (found === ordinal) return middle;
      if (found < ordinal) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
