import { Failure, type FailureCode } from '../inventory/failure.ts';
import type { Limits } from '../sync/ports/clock.ts';
import type { ListPage, Memory, ReadPage } from '../sync/ports/pages.ts';
import type { RequestPlan, Source } from '../sync/ports/source.ts';
import type { ApiClient } from './client.ts';
import { createImagesApi, type ImagesApi, type ListVersion } from './images-api.ts';
import { listNumberedPages } from './list-v1.ts';
import { walkTokens } from './list-v2.ts';
import type { PageReader } from './page-content.ts';
import { requestsToRead } from './plan.ts';

export interface SourceOptions {
  readonly client: ApiClient;
  readonly accountId: string;
  readonly version: ListVersion;
  /** Images asked for in a page; a server may give fewer. */
  readonly perPage: number;
  /** Lists only these creators' images, `''` for "not set"; `undefined` lists all. */
  readonly creators: readonly string[] | undefined;
  readonly concurrency: number;
  readonly reader: PageReader;
}

const STATS_MAY_FAIL: ReadonlySet<FailureCode> = new Set([
  'API_ERROR',
  'API_GONE',
  'ANSWER_TOO_LARGE',
  'BAD_ANSWER',
  'FILTER_REFUSED',
  'ROUTE_REFUSED',
  'UNREACHABLE',
]);

/** Reads one list, of all images or of one creator's. */
type ReadList = (
  list: number,
  filter: string,
  expected: number | undefined,
  limits: Limits,
  read: readonly ReadPage[],
  memory: Memory,
) => AsyncIterable<ListPage>;

/** One account behind either version of the list. */
export function createSource(options: SourceOptions): Source {
  const { client, accountId, version, perPage, creators, reader } = options;
  const api = createImagesApi(client, accountId, version, reader);
  const readList = version === 'v1' ? numbered(api, options) : chained(api, options, 'asc');
  // The one list that can be had in this order.
  const readNewest = chained(createImagesApi(client, accountId, 'v2', reader), options, 'desc');

  async function expected(limits: Limits): Promise<number | undefined> {
    try {
      return await api.count(limits);
    } catch (error) {
      // The figure only helps to plan and to warn. The list itself tells what else is wrong.
      if (error instanceof Failure && STATS_MAY_FAIL.has(error.code)) return undefined;
      throw error;
    }
  }

  function plan(
    total: number | undefined,
    limits: Limits,
    read: readonly ReadPage[],
  ): RequestPlan | undefined {
    if (total === undefined) return undefined;
    return client.plan(requestsToRead(version, total, perPage, read), limits);
  }

  async function* list(
    total: number | undefined,
    limits: Limits,
    read: readonly ReadPage[],
    memory: Memory,
  ): AsyncGenerator<ListPage> {
    if (creators === undefined) {
      yield* readList(0, '', total, limits, read, memory);
      return;
    }
    // The v2 list of an account without Images has been seen to be empty where v1 refuses; the statistics refuse as well.
    const whole = version === 'v2' ? await expected(limits) : undefined;
    for (const [index, filter] of filtersOf(creators).entries()) {
      const own = read.filter((page) => page.list === index);
      yield* readList(index, filter, whole, limits, own, memory);
    }
  }

  function* newest(limits: Limits, memory: Memory): Generator<AsyncIterable<ListPage>> {
    for (const [index, filter] of filtersOf(creators).entries()) {
      yield readNewest(index, filter, undefined, limits, [], memory);
    }
  }

  return {
    expected,
    plan,
    list,
    newest,
    canFind: (id) => api.hasAddress(id),
    find: (id, limits) => api.image(id, limits),
    isWaiting: () => client.isWaiting(),
    usage: () => client.usage(),
  };
}

function numbered(api: ImagesApi, { perPage, concurrency }: SourceOptions): ReadList {
  return (list, filter, expected, limits, read, memory) =>
    listNumberedPages(
      (number, own) =>
        api.page({ list, number }, `page=${number}&per_page=${perPage}${filter}`, own, memory),
      { expected, concurrency, limits, read },
    );
}

function chained(
  api: ImagesApi,
  { perPage }: SourceOptions,
  /** By upload time. */
  order: 'asc' | 'desc',
): ReadList {
  return (list, filter, expected, limits, read, memory) => {
    const query = `sort_order=${order}&per_page=${perPage}${filter}`;
    return walkTokens(
      (number, token, own) => api.page({ list, number }, query + continuation(token), own, memory),
      expected,
      limits,
      read,
    );
  };
}

/** What limits each list to be read, as a part of its query. */
function filtersOf(creators: readonly string[] | undefined): readonly string[] {
  return creators?.map((creator) => `&creator=${encodeURIComponent(creator)}`) ?? [''];
}

function continuation(token: string | undefined): string {
  return token === undefined ? '' : `&continuation_token=${encodeURIComponent(token)}`;
}
