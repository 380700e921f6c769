import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { parseNumberedPage, readNumberedPage } from '../../src/cloudflare/page-content.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { DECODING } from '../../src/inventory/shown-bytes.ts';
import type { Memory } from '../../src/sync/ports/pages.ts';
import { NO_MEMORY } from '../support/memory.ts';
import { PAGE_READER } from '../support/page-reader.ts';
import { randomImageText } from '../support/random-account.ts';
import { seededRandom } from '../support/random.ts';
import { bodyOf } from '../support/shown-page.ts';

async function read(body: Buffer, memory: Memory = NO_MEMORY) {
  const parsed = await parseNumberedPage(body, memory, PAGE_READER);
  return readNumberedPage((parsed as { result: unknown }).result, memory);
}

const TEXTS = ['{"id":"a"}', '{"id":"b","meta":{"n":1.0}}', '{"id":"c"}'];

test('what the memory does not know is decoded, and nothing else is', async () => {
  const memory: Memory = { page: () => undefined, recognize: () => Uint32Array.of(7, 0, 9) };
  const page = await read(Buffer.from(bodyOf(TEXTS)), memory);
  expect(page).toMatchObject({ count: 3, rows: Uint32Array.of(7, 0, 9) });
  expect(page.images).toEqual([decodeImage(parseJson(TEXTS[1] ?? ''))]);
});

test('a page that the memory knows is not even cut', async () => {
  const memory: Memory = { ...NO_MEMORY, page: () => Uint32Array.of(4, 5) };
  const page = await read(Buffer.from('no list at all'), memory);
  expect(page).toMatchObject({
    count: 2,
    rows: Uint32Array.of(4, 5),
    images: [],
    bytes: undefined,
  });
});

test('a page whose images nobody can cut is read as a whole, and has no bytes to remember', async () => {
  const body = '{"result":{"images":[{"id":"a"}, null]},"success":true}';
  await expect(read(Buffer.from(body))).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  const twice = '{"result":{"images":[]},"result":{"images":[{"id":"a"}]},"success":true}';
  expect(await read(Buffer.from(twice))).toMatchObject({ count: 1, bytes: undefined });
});

test('an image that is broken makes its page no answer, whatever is known of the others', async () => {
  const memory: Memory = { page: () => undefined, recognize: () => Uint32Array.of(7, 0) };
  const body = Buffer.from(bodyOf(['{"id":"a"}', '{"id":}']));
  await expect(read(body, memory)).rejects.toThrow(SyntaxError);
});

describe('the bytes of a page', () => {
  test.for([
    ['a few', TEXTS],
    ['many', Array.from({ length: 5000 }, (_, index) => `{"id":"image ${index}"}`)],
  ] as const)(
    'that were unpacked are given back without those of others: %s',
    async ([, texts]) => {
      const neighbours = Array.from({ length: 200 }, (_, index) =>
        Buffer.from(`neighbour ${index}`),
      );
      const body = await promisify(gunzip)(gzipSync(bodyOf(texts)));
      neighbours.push(
        ...Array.from({ length: 200 }, (_, index) => Buffer.from(`another ${index}`)),
      );
      expect((await read(body)).count).toBe(texts.length);
      for (const neighbour of neighbours) expect(neighbour.toString()).toMatch(/^\w+ \d+$/);
      expect(Buffer.from('still there').toString()).toBe('still there');
    },
  );

  test('are given back when they are many', async () => {
    const texts = Array.from({ length: 5000 }, (_, index) => `{"id":"image ${index}"}`);
    const body = Buffer.from(bodyOf(texts));
    await read(body);
    expect(body.buffer.byteLength).toBe(0);
  });
});

test('what is remembered was made by this decoder: any other needs another number', () => {
  const random = seededRandom(1);
  const decoded = Array.from({ length: 2000 }, () =>
    JSON.stringify(decodeImage(parseJson(randomImageText(random, 'id')))),
  );
  // Another digest means that images are decoded otherwise: raise DECODING, and write down both anew.
  expect([DECODING, hash('sha256', decoded.join('\n')).slice(0, 16)]).toEqual([
    1,
    '79d17f83595cb036',
  ]);
});
