import { fileURLToPath } from 'node:url';
import type { ListAddress } from './floors/pages.ts';
import { measureNode, type Cost, type Env } from './measure.ts';

/** The program's main file. @param isDist - As it is packed, rather than from its sources. */
export function mainFile(isDist: boolean): string {
  const path = isDist ? '../dist/cli/main.js' : '../src/cli/main.ts';
  return fileURLToPath(new URL(path, import.meta.url));
}

/** Requests in an interval that no benchmark reaches. */
const ENDLESS: Env = { IMAGE_INVENTORY_RATE_REQUESTS: '100000' };

/**
 * A `sync` of the program, its settings those of a user.
 *
 * @param quota - The settings of its rate limit; without them the quota plays no part.
 */
export function runSync(
  main: string,
  list: ListAddress,
  database: string,
  folder: string,
  quota = ENDLESS,
): Promise<Cost> {
  const env = {
    CLOUDFLARE_BASE_URL: list.baseUrl,
    CLOUDFLARE_ACCOUNT_ID: list.accountId,
    CLOUDFLARE_API_TOKEN: list.token,
    IMAGE_INVENTORY_DB: database,
    IMAGE_INVENTORY_PER_PAGE: String(list.perPage),
    IMAGE_INVENTORY_CONCURRENCY: String(list.concurrency),
    ...quota,
  };
  return measureNode([main, 'sync'], env, folder);
}
