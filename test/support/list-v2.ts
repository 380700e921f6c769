import type { ApiImage } from '../../src/emulator/account.ts';
import { ACCOUNT, type StartedEmulator } from './emulator.ts';

/** The newer list, below the base URL. */
export const IMAGES_V2 = `/accounts/${ACCOUNT}/images/v2`;

/** The result of one answer of the newer list. */
export interface PageV2 {
  readonly images: readonly ApiImage[];
  readonly continuation_token?: string | null;
}

/** @param token - Of the page before, if there is one. @param query - Without the question mark. */
export async function pageV2(
  server: StartedEmulator,
  query = '',
  token?: string | null,
): Promise<PageV2> {
  const behind = token ? `&continuation_token=${encodeURIComponent(token)}` : '';
  const { status, body } = await server.ask(`${IMAGES_V2}?${query}${behind}`);
  if (status !== 200) throw new Error(`no list but ${JSON.stringify(body.errors)}`);
  return body.result as PageV2;
}

/**
 * Walks the newer list as a client does: until there is no token.
 *
 * @param afterPage - Told of every page before the next one is asked for.
 */
export async function walkV2(
  server: StartedEmulator,
  query: string,
  afterPage: (page: PageV2, number: number) => void = () => undefined,
): Promise<PageV2[]> {
  const pages: PageV2[] = [];
  for (let token: string | null | undefined; pages.length === 0 || token;) {
    const page = await pageV2(server, query, token);
    afterPage(page, pages.push(page));
    token = page.continuation_token;
  }
  return pages;
}
