import { Failure, type FailureCode } from '../inventory/failure.ts';
import type { Image } from '../inventory/image.ts';
import { isObject } from '../inventory/json-text.ts';
import { printable } from '../inventory/printable.ts';
import type { Limits, ListPage, Source } from '../sync/ports.ts';
import type { ApiClient } from './client.ts';
import { decodeImage } from './decode.ts';
import { listNumberedPages } from './list-v1.ts';

export interface SourceOptions {
  readonly client: ApiClient;
  readonly accountId: string;
  /** Images asked for in a page; a server may give fewer. */
  readonly perPage: number;
  /** Lists only these creators' images, `''` for "not set"; `undefined` lists all. */
  readonly creators: readonly string[] | undefined;
  readonly concurrency: number;
}

const STATS_MAY_FAIL: ReadonlySet<FailureCode> = new Set([
  'API_ERROR',
  'API_GONE',
  'BAD_ANSWER',
  'ROUTE_REFUSED',
]);

/** One account behind the v1 list. */
export function createSource(options: SourceOptions): Source {
  const { client, accountId, perPage, creators, concurrency } = options;
  const images = `/accounts/${encodeURIComponent(accountId)}/images/v1`;

  async function expected(limits: Limits): Promise<number | undefined> {
    try {
      const reply = await client.get('the statistics', `${images}/stats`, readCount, limits);
      return reply?.value;
    } catch (error) {
      // The figure only helps to plan and to warn. The list itself tells what else is wrong.
      if (error instanceof Failure && STATS_MAY_FAIL.has(error.code)) return undefined;
      throw error;
    }
  }

  async function* list(total: number | undefined, limits: Limits): AsyncGenerator<ListPage> {
    if (creators === undefined) {
      yield* listNumberedPages(fetchPage(''), total, concurrency, limits);
      return;
    }
    for (const creator of creators) {
      // The account's total says nothing of one creator's images.
      const filter = `&creator=${encodeURIComponent(creator)}`;
      yield* listNumberedPages(fetchPage(filter), undefined, concurrency, limits);
    }
  }

  const fetchPage =
    (filter: string) =>
    async (number: number, limits: Limits): Promise<ListPage> => {
      const path = `${images}?page=${number}&per_page=${perPage}${filter}`;
      const reply = await client.get(`page ${number} of the list`, path, readPage, limits);
      if (reply === undefined)
        throw new Failure('BAD_ANSWER', 'the list answered "image not found"');
      return { number, images: reply.value, requestMs: reply.requestMs, cfRay: reply.cfRay };
    };

  async function find(id: string, limits: Limits): Promise<Image | undefined> {
    const what = `image ${printable(id).slice(0, 80)}`;
    if (RESERVED.has(id)) throw unaskable(what);
    const read = (result: unknown): Image => sameId(decodeImage(result), id);
    const reply = await client.get(what, `${images}/${encodeId(id)}`, read, limits);
    return reply?.value;
  }

  return {
    expected,
    list,
    find,
    isWaiting: () => client.isWaiting(),
    usage: () => client.usage(),
  };
}

/**
 * Addresses below the list that are no images; `keys` holds secrets and is never called. A custom id
 * that reads like one cannot be asked for.
 */
const RESERVED = new Set(['keys', 'stats', 'variants']);

function unaskable(what: string): Failure {
  const message = `${what} is stored and was not listed, and an image of that id cannot be asked for`;
  return new Failure('BAD_ANSWER', message, {
    hint: "Its address is one of the API's own, so nothing can prove that it is gone. Give images other ids.",
  });
}

function sameId(image: Image, id: string): Image {
  if (image.id === id) return image;
  throw new Failure('BAD_ANSWER', 'the API answered with another image');
}

/** Custom ids may hold `/` and even read `..`, which a proxy would resolve if the dots were not encoded. */
function encodeId(id: string): string {
  return encodeURIComponent(id).replaceAll('.', '%2E');
}

/** A page is a page only if `result.images` is an array of images. An empty object is not an empty list. */
function readPage(result: unknown): readonly Image[] {
  const images = isObject(result) ? result['images'] : undefined;
  if (!Array.isArray(images)) throw new Failure('BAD_ANSWER', 'the answer holds no list of images');
  return images.map(decodeImage);
}

function readCount(result: unknown): number | undefined {
  const count = isObject(result) ? result['count'] : undefined;
  const current = isObject(count) ? count['current'] : undefined;
  return typeof current === 'number' && Number.isSafeInteger(current) && current >= 0
    ? current
    : undefined;
}
