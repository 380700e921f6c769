import { Agent } from 'undici';

/** Where the pages of a list are, and how many are asked for at once. */
export interface ListAddress {
  readonly baseUrl: string;
  readonly accountId: string;
  readonly token: string;
  readonly pages: number;
  readonly perPage: number;
  readonly concurrency: number;
}

/**
 * The bodies of all pages, by the same client and as many side by side as the program's, and nothing else: no pacing, no
 * proof that they are pages.
 */
export async function* pageBodies(list: ListAddress): AsyncGenerator<ArrayBuffer> {
  const { origin, pathname } = new URL(list.baseUrl);
  const agent = new Agent({ connections: list.concurrency });
  const fetchPage = async (page: number): Promise<{ page: number; body: ArrayBuffer }> => {
    const path = `${pathname}/accounts/${list.accountId}/images/v1?page=${page}&per_page=${list.perPage}`;
    const headers = { authorization: `Bearer ${list.token}` };
    const answer = await agent.request({ origin, path, method: 'GET', headers });
    return { page, body: await answer.body.arrayBuffer() };
  };
  const underWay = new Map<number, ReturnType<typeof fetchPage>>();
  for (let next = 1; next <= list.pages || underWay.size > 0;) {
    while (underWay.size < list.concurrency && next <= list.pages) {
      underWay.set(next, fetchPage(next));
      next += 1;
    }
    const { page, body } = await Promise.race(underWay.values());
    underWay.delete(page);
    yield body;
  }
  await agent.close();
}

/** The list that the environment names. */
export function listFromEnvironment(env: NodeJS.ProcessEnv): ListAddress {
  return JSON.parse(env['BENCH_LIST'] ?? '{}') as ListAddress;
}

/** What a page holds. */
export interface Page {
  readonly result: { readonly images: readonly ListedImage[] };
}

export interface ListedImage {
  readonly id: string;
  readonly filename?: string | null;
  readonly creator?: string | null;
  readonly meta?: unknown;
  readonly requireSignedURLs?: boolean;
  readonly uploaded?: string;
  readonly variants?: unknown;
}
