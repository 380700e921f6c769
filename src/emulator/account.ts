import { randomUUID } from 'node:crypto';
import { parseJson } from '../inventory/json-text.ts';
import { deliveryUrls } from './delivery.ts';
import { createGenerator, type Generator } from './generate.ts';
import type { ImagePatch, NewImage } from './image-fields.ts';
import type { ListOrder } from './choices.ts';
import { ListedOrdinals, type UploadOrder } from './list-order.ts';

/** An image as the API's JSON shows it; every field is optional but the id. */
export interface ApiImage {
  id: string;
  [field: string]: unknown;
}

export interface AccountOptions {
  readonly id: string;
  /** Images that are there from the start. */
  readonly images: number;
  /** Any integer; the same seed gives the same images. */
  readonly seed: number;
  /** Direct uploads without bytes yet: details show them, lists do not. */
  readonly drafts?: number;
  /** Whether Cloudflare Images is enabled. */
  readonly isEnabled?: boolean;
}

/** Images of a list, and where to go on. */
export interface ListedSlice {
  /** JSON texts. */
  readonly images: readonly string[];
  /** The ordinal of the last of them; if there is none, of the image before. */
  readonly last: number | undefined;
  readonly hasMore: boolean;
}

/**
 * A stateful account. Its images stand in a list of ordinals, the oldest first; most are generated
 * when they are asked for, and only those that somebody touched are kept as objects.
 */
export class EmulatedAccount {
  readonly id: string;
  isEnabled: boolean;
  readonly #generator: Generator;
  readonly #listed: ListedOrdinals;
  #nextOrdinal: number;
  readonly #touched = new Map<number, ApiImage>();
  readonly #touchedIds = new Map<string, number>();
  readonly #drafts = new Map<string, ApiImage>();

  constructor(options: AccountOptions) {
    this.id = options.id;
    this.isEnabled = options.isEnabled ?? true;
    this.#generator = createGenerator(options.seed);
    this.#listed = new ListedOrdinals(options.images);
    this.#nextOrdinal = options.images;
    for (let draft = 0; draft < (options.drafts ?? 0); draft += 1) {
      this.announce(`draft-${draft}`);
    }
  }

  /** Images that are listed. */
  get size(): number {
    return this.#listed.size;
  }

  get draftCount(): number {
    return this.#drafts.size;
  }

  /**
   * A slice of the list as JSON texts.
   *
   * @param creator - Only this creator's images, `''` for those without one; all if `undefined`.
   */
  list(offset: number, limit: number, creator?: string, order: ListOrder = 'newest'): string[] {
    const listed = this.#listed;
    const slice =
      creator === undefined
        ? listed.from(offset, order)
        : listed.from(0, order).filter(this.#isOf(creator)).drop(offset);
    return Array.from(slice.take(limit), (ordinal) => this.#json(ordinal));
  }

  /**
   * The images that stand behind one, which may be gone by now.
   *
   * @param ordinal - Of the image; `undefined` for the beginning of the list.
   * @param creator - As for `list`.
   */
  listBehind(
    ordinal: number | undefined,
    limit: number,
    creator: string | undefined,
    order: UploadOrder,
  ): ListedSlice {
    const behind =
      ordinal === undefined ? this.#listed.from(0, order) : this.#listed.behind(ordinal, order);
    const matching = creator === undefined ? behind : behind.filter(this.#isOf(creator));
    // One more than was asked for shows whether there is more.
    const found = matching.take(limit + 1).toArray();
    const shown = found.slice(0, limit);
    return {
      images: shown.map((each) => this.#json(each)),
      last: shown.at(-1) ?? ordinal,
      hasMore: found.length > limit,
    };
  }

  /** Every listed image, parsed, newest first. For small accounts: it holds all of them. */
  all(): ApiImage[] {
    return this.list(0, this.size).map((text) => parseJson(text) as ApiImage);
  }

  /** One image as JSON text, drafts included. */
  find(id: string): string | undefined {
    const draft = this.#drafts.get(id);
    if (draft !== undefined) return JSON.stringify(draft);
    const ordinal = this.#ordinalOf(id);
    return ordinal === undefined ? undefined : this.#json(ordinal);
  }

  /** Adds an image. @returns `undefined` if its id is taken. */
  upload(image: NewImage = {}): ApiImage | undefined {
    const id = image.id ?? randomUUID();
    if (this.find(id) !== undefined) return undefined;
    const ordinal = this.#nextOrdinal;
    this.#nextOrdinal += 1;
    const uploaded: ApiImage = {
      requireSignedURLs: false,
      uploaded: new Date().toISOString(),
      ...image,
      id,
      variants: deliveryUrls(encodeURI(id)),
    };
    this.#listed.add(ordinal);
    this.#touch(ordinal, uploaded);
    return uploaded;
  }

  /**
   * Changes an image. A new `requireSignedURLs` gives it a new id, as Cloudflare's does.
   *
   * @returns The image as it is now; `undefined` if there is none.
   */
  patch(id: string, patch: ImagePatch): ApiImage | undefined {
    const ordinal = this.#ordinalOf(id);
    if (ordinal === undefined) return undefined;
    const image = parseJson(this.#json(ordinal)) as ApiImage;
    const { requireSignedURLs } = patch;
    if (requireSignedURLs !== undefined && requireSignedURLs !== image['requireSignedURLs']) {
      image.id = randomUUID();
      image['variants'] = deliveryUrls(encodeURI(image.id));
    }
    Object.assign(image, patch);
    this.#touchedIds.delete(id);
    this.#touch(ordinal, image);
    return image;
  }

  /** Replaces what the API shows of an image with anything, for tests of hostile or odd answers. */
  replace(id: string, image: ApiImage): void {
    const ordinal = this.#ordinalOf(id);
    if (ordinal === undefined) throw new RangeError(`no image ${id}`);
    this.#touchedIds.delete(id);
    this.#touch(ordinal, image);
  }

  /** Announces a direct upload whose bytes have not come. */
  announce(id: string): void {
    this.#drafts.set(id, { id, draft: true, uploaded: new Date(0).toISOString() });
  }

  /** @returns Whether there was such an image. */
  delete(id: string): boolean {
    const ordinal = this.#ordinalOf(id);
    if (ordinal === undefined) return false;
    this.#listed.remove(ordinal);
    this.#touched.delete(ordinal);
    this.#touchedIds.delete(id);
    return true;
  }

  #json(ordinal: number): string {
    const touched = this.#touched.get(ordinal);
    return touched === undefined ? this.#generator.json(ordinal) : JSON.stringify(touched);
  }

  #touch(ordinal: number, image: ApiImage): void {
    this.#touched.set(ordinal, image);
    this.#touchedIds.set(image.id, ordinal);
  }

  #ordinalOf(id: string): number | undefined {
    const touched = this.#touchedIds.get(id);
    if (touched !== undefined) return touched;
    const generated = this.#generator.ordinal(id);
    if (generated === undefined || this.#touched.has(generated)) return undefined;
    return this.#listed.has(generated) ? generated : undefined;
  }

  #isOf(creator: string): (ordinal: number) => boolean {
    return (ordinal) => {
      const image = parseJson(this.#json(ordinal)) as ApiImage;
      return (image['creator'] ?? '') === creator;
    };
  }
}
