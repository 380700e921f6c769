import type { ListOrder } from './choices.ts';
import { mix, unmix } from './mix.ts';
import { OrdinalList } from './ordinal-list.ts';

/** The order of uploads, either way: a place in it outlives uploads and deletions. */
export type UploadOrder = Exclude<ListOrder, 'shuffled'>;

/** So that the oldest image, whose ordinal `mix` leaves at 0, has no place of its own among the shuffled. */
const SALT = 0x9e3779b9;

/** The ordinals of the images that an account lists, in every order. An upload has the largest. */
export class ListedOrdinals {
  readonly #uploaded: OrdinalList;
  /** The ordinals, mixed; made for the first who asks for this order. */
  #shuffled: OrdinalList | undefined;

  /** Those of 0 to `size` − 1. */
  constructor(size: number) {
    this.#uploaded = new OrdinalList(Uint32Array.from({ length: size }, (_, index) => index));
  }

  get size(): number {
    return this.#uploaded.size;
  }

  has(ordinal: number): boolean {
    return this.#uploaded.has(ordinal);
  }

  add(ordinal: number): void {
    this.#uploaded.add(ordinal);
    this.#shuffled?.add(mix(ordinal ^ SALT));
  }

  remove(ordinal: number): void {
    this.#uploaded.remove(ordinal);
    this.#shuffled?.remove(mix(ordinal ^ SALT));
  }

  /** The ordinals from a place on. Read it before the next change. */
  *from(place: number, order: ListOrder): Generator<number, void, undefined> {
    const list = order === 'shuffled' ? this.#shuffle() : this.#uploaded;
    for (let index = place; index < list.size; index += 1) {
      if (order === 'newest') yield list.at(list.size - 1 - index);
      else yield order === 'oldest' ? list.at(index) : (unmix(list.at(index)) ^ SALT) >>> 0;
    }
  }

  /** The ordinals that stand behind one, whether or not that one is still listed. */
  behind(ordinal: number, order: UploadOrder): Generator<number, void, undefined> {
    const place =
      order === 'oldest'
        ? this.#uploaded.lowerBound(ordinal + 1)
        : this.size - this.#uploaded.lowerBound(ordinal);
    return this.from(place, order);
  }

  #shuffle(): OrdinalList {
    this.#shuffled ??= new OrdinalList(
      this.#uploaded
        .ascending()
        .map((ordinal) => mix(ordinal ^ SALT))
        .sort(),
    );
    return this.#shuffled;
  }
}
