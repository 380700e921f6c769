import { decodeImage } from '../../src/cloudflare/decode.ts';
import { listNumberedPages } from '../../src/cloudflare/list-v1.ts';
import { walkTokens, type FetchNext } from '../../src/cloudflare/list-v2.ts';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import type { UploadOrder } from '../../src/emulator/list-order.ts';
import type { Image } from '../../src/inventory/image.ts';
import { isObject, parseJson } from '../../src/inventory/json-text.ts';
import type { ListPage } from '../../src/sync/ports/pages.ts';
import type { Source } from '../../src/sync/ports/source.ts';
import type { WorldOptions } from './world.ts';

/**
 * An account read without a network between: the program's own paging on what the emulated account
 * holds. It is some ten times as fast as HTTP, of which the contract of sources is proved elsewhere.
 *
 * @param onRequest - Called where a request would be sent; what it throws is what came back.
 */
export function directSource(
  account: EmulatedAccount,
  { version, order, perPage, concurrency }: WorldOptions,
  onRequest: () => void,
): Source {
  let requests = 0;
  const request = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    requests += 1;
    onRequest();
    // An answer takes its time, during which others are asked for and the run may be stopped.
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  };
  const toPage = (number: number, texts: readonly string[], next?: string | null): ListPage => {
    const images = texts.map((text) => decodeImage(parseJson(text)));
    const { length: count } = images;
    const place = { list: 0, number, count, next };
    const rows = new Uint32Array(count);
    return { ...place, rows, images, bytes: undefined, requestMs: 0, cfRay: undefined };
  };
  const fetchNext =
    (order: UploadOrder): FetchNext =>
    async (number, token, { signal }) => {
      await request(signal);
      const behind = token === undefined ? undefined : Number(token);
      const { images, last, hasMore } = account.listBehind(behind, perPage, undefined, order);
      return toPage(number, images, hasMore ? String(last) : null);
    };

  return {
    async expected({ signal }) {
      await request(signal);
      return account.size;
    },
    plan: () => undefined,
    list(expected, limits, read) {
      if (version === 'v1') {
        const fetchPage = async (number: number, { signal }: typeof limits): Promise<ListPage> => {
          await request(signal);
          return toPage(number, account.list((number - 1) * perPage, perPage, undefined, order));
        };
        return listNumberedPages(fetchPage, { expected, concurrency, limits, read });
      }
      return walkTokens(fetchNext('oldest'), expected, limits, read);
    },
    newest: (limits) => [walkTokens(fetchNext('newest'), undefined, limits, [])],
    canFind: () => true,
    async find(id, { signal }) {
      await request(signal);
      const text = account.find(id);
      return text === undefined ? undefined : toImage(text);
    },
    isWaiting: () => false,
    usage: () => ({ requests, retries: 0 }),
  };
}

function toImage(text: string): Image | undefined {
  const raw = parseJson(text);
  return isObject(raw) && raw['draft'] === true ? undefined : decodeImage(raw);
}
