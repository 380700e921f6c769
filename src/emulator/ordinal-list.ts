/** An ascending list of 32-bit numbers, four bytes each, in which a place is found by binary search. */
export class OrdinalList {
  #ordinals: Uint32Array;
  #size: number;

  /** @param ascending - The numbers to begin with. It becomes the list's own. */
  constructor(ascending: Uint32Array) {
    this.#ordinals = ascending;
    this.#size = ascending.length;
  }

  get size(): number {
    return this.#size;
  }

  /** The list itself, not a copy: the next change moves it. */
  ascending(): Uint32Array {
    return this.#ordinals.subarray(0, this.#size);
  }

  /** @param index - Of a place in the list. */
  at(index: number): number {
    return this.#ordinals[index] ?? 0;
  }

  has(ordinal: number): boolean {
    const index = this.lowerBound(ordinal);
    return index < this.#size && this.at(index) === ordinal;
  }

  /** How many numbers are smaller; where this one stands, if it does. */
  lowerBound(ordinal: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle) < ordinal) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds a number that is not in the list. */
  add(ordinal: number): void {
    if (this.#size === this.#ordinals.length) {
      const larger = new Uint32Array(Math.max(16, this.#size * 2));
      larger.set(this.#ordinals);
      this.#ordinals = larger;
    }
    const index = this.lowerBound(ordinal);
    this.#ordinals.copyWithin(index + 1, index, this.#size);
    this.#ordinals[index] = ordinal;
    this.#size += 1;
  }

  /** Removes a number that is in the list. */
  remove(ordinal: number): void {
    const index = this.lowerBound(ordinal);
    this.#ordinals.copyWithin(index, index + 1, this.#size);
    this.#size -= 1;
  }
}
