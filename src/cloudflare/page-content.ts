import { Failure } from '../inventory/failure.ts';
import type { Image } from '../inventory/image.ts';
import { isObject, parseJson } from '../inventory/json-text.ts';
import type { ListPage, Memory, PageImages } from '../sync/ports/pages.ts';
import { decodeImage } from './decode.ts';
import { parseBody } from './envelope.ts';
import type { DigestPage } from './page-digest.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { SplitBody, Splitter } from './split-body.ts';

/** What a page of the list says, apart from where it stands and how it came. */
export type PageContent = Pick<ListPage, 'count' | 'rows' | 'images' | 'bytes' | 'next'>;

/** What looks into the bytes of pages. */
export interface PageReader {
  readonly digest: DigestPage;
  readonly splitter: Splitter;
  /** Takes back the memory of pages that were read. */
  readonly pool: BufferPool;
}

/** A page whose bytes are known, in place of its images. */
class KnownPage {
  readonly rows: Uint32Array;

  constructor(rows: Uint32Array) {
    this.rows = rows;
  }
}

/** The images of a page by their bytes, read when they are asked for; in place of the images. */
class ImageBytes implements PageImages {
  readonly pageDigest: Buffer | undefined;
  readonly #split: SplitBody;
  readonly #pool: BufferPool;
  readonly #read: (Image | undefined)[];

  constructor(split: SplitBody, pageDigest: Buffer | undefined, pool: BufferPool) {
    this.pageDigest = pageDigest;
    this.#split = split;
    this.#pool = pool;
    this.#read = new Array<Image | undefined>(split.starts.length);
  }

  get length(): number {
    return this.#split.starts.length;
  }

  get digests(): Uint32Array {
    return this.#split.digests;
  }

  at(index: number): Image {
    return (this.#read[index] ??= this.#decode(index));
  }

  /** Nothing is read of it any more. */
  release(): void {
    this.#pool.giveBack(this.#split.body);
  }

  #decode(index: number): Image {
    const { body, starts, ends } = this.#split;
    return decodeImage(parseJson(body.toString('utf8', starts[index], ends[index])));
  }
}

/**
 * Parses the body of a numbered page as far as the memory does not know it. As JSON it is what the body is, but for the
 * images: {@link readNumberedPage} makes sense of them.
 *
 * @returns `undefined` if it is no JSON.
 */
export async function parseNumberedPage(
  body: Buffer,
  memory: Memory,
  reader: PageReader,
): Promise<unknown> {
  const pageDigest = reader.digest(body);
  const rows = memory.page(pageDigest);
  if (rows !== undefined) {
    reader.pool.giveBack(body);
    return { success: true, result: { images: new KnownPage(rows) } };
  }
  return await parseImages(body, reader, pageDigest);
}

/** As {@link parseNumberedPage}, of a page that leads to the next one, so that no other has the same bytes. */
export function parseTokenPage(body: Buffer, reader: PageReader): Promise<unknown> {
  return parseImages(body, reader, undefined);
}

async function parseImages(
  whole: Buffer,
  { splitter, pool }: PageReader,
  digest: Buffer | undefined,
): Promise<unknown> {
  const { body, images } = await splitter.split(whole);
  if (images === undefined) return parseBody(body);
  const { envelope } = images;
  // What was cut out comes back as bytes.
  if (isObject(envelope['result'])) {
    envelope['result']['images'] = new ImageBytes(images, digest, pool);
  }
  return envelope;
}

/**
 * A page is a page only if `result.images` is an array of images. An empty object is not an empty list.
 *
 * @throws Failure `BAD_ANSWER`
 */
export function readNumberedPage(result: unknown, memory: Memory): PageContent {
  const images = isObject(result) ? result['images'] : undefined;
  if (images instanceof KnownPage) return knownPage(images);
  if (images instanceof ImageBytes) return pageOfBytes(images, memory);
  if (!Array.isArray(images)) throw new Failure('BAD_ANSWER', 'the answer holds no list of images');
  return pageOfImages(images.map(decodeImage));
}

/** As a numbered page, with the token that leads on. No token, or a null, is the end; anything else is no answer. */
export function readTokenPage(result: unknown, memory: Memory): PageContent {
  const page = readNumberedPage(result, memory);
  const token = isObject(result) ? (result['continuation_token'] ?? null) : null;
  const isToken = token === null || (typeof token === 'string' && token !== '');
  if (!isToken) throw new Failure('BAD_ANSWER', 'the answer holds no continuation token');
  return { ...page, next: token };
}

function knownPage({ rows }: KnownPage): PageContent {
  return { count: rows.length, rows, images: [], bytes: undefined, next: undefined };
}

function pageOfBytes(bytes: ImageBytes, memory: Memory): PageContent {
  const rows = memory.recognize(bytes);
  const images: Image[] = [];
  for (const [index, rowId] of rows.entries()) if (rowId === 0) images.push(bytes.at(index));
  const { length: count, pageDigest: digest, digests } = bytes;
  bytes.release();
  return { count, rows, images, bytes: { digest, images: digests }, next: undefined };
}

function pageOfImages(images: readonly Image[]): PageContent {
  const { length: count } = images;
  return { count, rows: new Uint32Array(count), images, bytes: undefined, next: undefined };
}
