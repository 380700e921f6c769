import { Failure } from '../inventory/failure.ts';
import type { Image } from '../inventory/image.ts';
import { isObject } from '../inventory/json-text.ts';
import { printable } from '../inventory/printable.ts';
import type { Limits } from '../sync/ports/clock.ts';
import type { ListPage, Memory } from '../sync/ports/pages.ts';
import type { ApiClient, Reader } from './client.ts';
import { decodeImage } from './decode.ts';
import {
  parseNumberedPage,
  parseTokenPage,
  readNumberedPage,
  readTokenPage,
  type PageContent,
  type PageReader,
} from './page-content.ts';

/** The requests that a run makes of one account, each proved and decoded. */
export interface ImagesApi {
  /** What `stats` says of the number of images; `undefined` if it names none. */
  count(limits: Limits): Promise<number | undefined>;
  /** @param query - Page, size and filter, as the version of the list spells them. */
  page(place: Place, query: string, limits: Limits, memory: Memory): Promise<ListPage>;
  /** Whether an image of this id can be asked for. */
  hasAddress(id: string): boolean;
  /** One image; `undefined` if there is none, or none any more but an upload that was only announced. */
  image(id: string, limits: Limits): Promise<Image | undefined>;
}

/** Where a page stands. */
export type Place = Pick<ListPage, 'list' | 'number'>;

export type ListVersion = 'v1' | 'v2';

export function createImagesApi(
  client: ApiClient,
  accountId: string,
  version: ListVersion,
  reader: PageReader,
): ImagesApi {
  const account = `/accounts/${encodeURIComponent(accountId)}/images`;
  // Statistics and details stayed where they were when the second list came.
  const images = `${account}/v1`;
  const readPage = version === 'v1' ? numberedPage : tokenPage;

  return {
    async count(limits) {
      const reply = await client.get(
        'the statistics',
        `${images}/stats`,
        { read: readCount },
        limits,
      );
      return reply?.value;
    },
    async page(place, query, limits, memory) {
      const what = `page ${place.number} of the list`;
      const path = `${account}/${version}?${query}`;
      const reply = await client.get(what, path, readPage(memory, reader), limits);
      if (reply === undefined)
        throw new Failure('BAD_ANSWER', 'the list answered "image not found"');
      const { value, requestMs, cfRay } = reply;
      return { ...place, ...value, requestMs, cfRay };
    },
    hasAddress: (id) => !RESERVED.has(id),
    async image(id, limits) {
      const what = `image ${printable(id).slice(0, 80)}`;
      if (RESERVED.has(id)) throw new RangeError(`${what} has no address of its own`);
      const read = (result: unknown): Image | undefined => readImage(result, id);
      const reply = await client.get(what, `${images}/${encodeId(id)}`, { read }, limits);
      return reply?.value;
    },
  };
}

/**
 * Addresses below the list that are no images; `keys` and `batch_token` hold secrets and are never called. A custom id
 * that reads like one cannot be asked for.
 */
const RESERVED = new Set(['batch_token', 'keys', 'stats', 'variants']);

function numberedPage(memory: Memory, reader: PageReader): Reader<PageContent> {
  return {
    parse: (body) => parseNumberedPage(body, memory, reader),
    read: (result) => readNumberedPage(result, memory),
  };
}

function tokenPage(memory: Memory, reader: PageReader): Reader<PageContent> {
  return {
    parse: (body) => parseTokenPage(body, reader),
    read: (result) => readTokenPage(result, memory),
  };
}

/** Custom ids may hold `/` and even read `..`, which a proxy would resolve if the dots were not encoded. */
function encodeId(id: string): string {
  return encodeURIComponent(id).replaceAll('.', '%2E');
}

/** A draft (a direct upload without bytes yet) answers here, but is no image that a list would show. */
function readImage(result: unknown, id: string): Image | undefined {
  const image = decodeImage(result);
  if (image.id !== id) throw new Failure('BAD_ANSWER', 'the API answered with another image');
  return isObject(result) && result['draft'] === true ? undefined : image;
}

function readCount(result: unknown): number | undefined {
  const count = isObject(result) ? result['count'] : undefined;
  const current = isObject(count) ? count['current'] : undefined;
  return typeof current === 'number' && Number.isSafeInteger(current) && current >= 0
    ? current
    : undefined;
}
