/** A set of row ids (below 2^32) that costs one bit a row, so that memory hardly grows with the account. */
export class RowSet {
  #bits = new Uint8Array(1024);
  #size = 0;

  /** How many rows are in the set. */
  get size(): number {
    return this.#size;
  }

  /** The last row of the set; 0 if it is empty. */
  get highest(): number {
    const index = this.#bits.findLastIndex((byte) => byte !== 0);
    return index === -1 ? 0 : 8 * index + 31 - Math.clz32(this.#bits[index] ?? 0);
  }

  /** Another set of the same rows. */
  copy(): RowSet {
    const copy = new RowSet();
    copy.#bits = this.#bits.slice();
    copy.#size = this.#size;
    return copy;
  }

  has(rowId: number): boolean {
    return ((this.#bits[rowId >>> 3] ?? 0) & (1 << (rowId & 7))) !== 0;
  }

  /** @returns Whether the row was new to the set. */
  add(rowId: number): boolean {
    if (this.has(rowId)) return false;
    const index = rowId >>> 3;
    if (index >= this.#bits.length) this.#grow(index + 1);
    this.#bits[index] = (this.#bits[index] ?? 0) | (1 << (rowId & 7));
    this.#size += 1;
    return true;
  }

  /** @returns Whether the row was in the set. */
  delete(rowId: number): boolean {
    if (!this.has(rowId)) return false;
    this.#bits[rowId >>> 3] = (this.#bits[rowId >>> 3] ?? 0) & ~(1 << (rowId & 7));
    this.#size -= 1;
    return true;
  }

  /** How many rows of the set are below this one. */
  countBelow(rowId: number): number {
    let count = 0;
    for (const row of this) {
      if (row >= rowId) break;
      count += 1;
    }
    return count;
  }

  /** The rows of the set, in ascending order. */
  *[Symbol.iterator](): Generator<number> {
    for (const [index, byte] of this.#bits.entries()) {
      if (byte === 0) continue;
      for (let bit = 0; bit < 8; bit += 1) {
        if ((byte & (1 << bit)) !== 0) yield index * 8 + bit;
      }
    }
  }

  #grow(atLeast: number): void {
    const larger = new Uint8Array(Math.max(atLeast, this.#bits.length * 2));
    larger.set(this.#bits);
    this.#bits = larger;
  }
}
