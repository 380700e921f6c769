import { parseNumberedPage, readNumberedPage } from '../../src/cloudflare/page-content.ts';
import type { ListPage, Memory } from '../../src/sync/ports/pages.ts';
import { PAGE_READER } from './page-reader.ts';

/** The body of a list answer that shows images, each the JSON text of one. */
export function bodyOf(images: readonly string[]): string {
  return `{"success":true,"errors":[],"messages":[],"result":{"images":[${images.join(',')}]}}`;
}

/** A page as the program reads it: what the memory knows by its bytes is not read again. */
export async function shownPage(
  memory: Memory,
  images: readonly string[],
  number = 1,
): Promise<ListPage> {
  const body = Buffer.from(bodyOf(images));
  const parsed = (await parseNumberedPage(body, memory, PAGE_READER)) as { result: unknown };
  const content = readNumberedPage(parsed.result, memory);
  return { list: 0, number, requestMs: 1, cfRay: undefined, ...content };
}
