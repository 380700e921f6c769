import { describe, expect, test } from 'vitest';
import { listNumberedPages } from '../../src/cloudflare/list-v1.ts';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { Limits } from '../../src/sync/ports/clock.ts';
import type { ListPage } from '../../src/sync/ports/pages.ts';
import { pageOf } from '../support/page.ts';

const limits = (signal = new AbortController().signal): Limits => ({
  signal,
  deadlineAt: Infinity,
});

/** A server that holds pages of these sizes, and remembers what was asked of it. */
function server(sizes: readonly number[]): {
  asked: number[];
  fetch: (page: number, limits: Limits) => Promise<ListPage>;
} {
  const asked: number[] = [];
  const fetch = async (number: number): Promise<ListPage> => {
    asked.push(number);
    const images = Array.from({ length: sizes[number - 1] ?? 0 }, (_, index) =>
      decodeImage({ id: `${number}/${index}` }),
    );
    // Later pages answer first, so that nothing can depend on the order of arrival.
    for (let turn = 0; turn < 10 - (number % 7); turn += 1) await Promise.resolve();
    return pageOf(images, { number });
  };
  return { asked, fetch };
}

async function readAll(pages: AsyncIterable<ListPage>): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages) ids.push(...page.images.map(({ id }) => id));
  return ids;
}

describe('reading a numbered list', () => {
  test.for([
    { title: 'full pages', sizes: [10, 10, 10, 10, 10, 3] },
    { title: 'a last page that is full', sizes: [10, 10, 10] },
    { title: 'short pages in the middle', sizes: [10, 4, 10, 1, 10, 10, 2] },
    {
      title: 'a cap that the server keeps silent about',
      sizes: Array.from({ length: 40 }, () => 3),
    },
    { title: 'nothing', sizes: [] },
    { title: 'one image', sizes: [1] },
  ])('yields every image of $title', async ({ sizes }) => {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    for (const expected of [undefined, total, total + 25, Math.floor(total / 2), 0]) {
      for (const concurrency of [1, 4, 9]) {
        const { fetch } = server(sizes);
        const ids = await readAll(
          listNumberedPages(fetch, { expected, concurrency, limits: limits(), read: [] }),
        );
        expect(new Set(ids).size, `expected ${expected}, ${concurrency} at once`).toBe(total);
        expect(ids).toHaveLength(total);
      }
    }
  });

  test.for([
    { emptyOnce: [1], concurrency: 4, expected: 45 },
    { emptyOnce: [3], concurrency: 1, expected: 45 },
    { emptyOnce: [3], concurrency: 4, expected: 45 },
    { emptyOnce: [1, 5], concurrency: 1, expected: 45 },
    { emptyOnce: [1, 3, 5], concurrency: 4, expected: 45 },
    { emptyOnce: [1, 2, 3, 4, 5], concurrency: 9, expected: 45 },
    { emptyOnce: [3], concurrency: 1, expected: undefined },
    { emptyOnce: [1, 4], concurrency: 4, expected: undefined },
  ])(
    'doubts pages $emptyOnce when they are empty for a moment, $concurrency at once, of $expected',
    async ({ emptyOnce, concurrency, expected }) => {
      const { asked, fetch } = server([10, 10, 10, 10, 5]);
      const once = async (number: number, own: Limits): Promise<ListPage> => {
        const page = await fetch(number, own);
        const isFirst = asked.filter((other) => other === number).length === 1;
        return emptyOnce.includes(number) && isFirst ? { ...page, count: 0, images: [] } : page;
      };
      const ids = await readAll(
        listNumberedPages(once, { expected, concurrency, limits: limits(), read: [] }),
      );
      expect(new Set(ids).size).toBe(45);
      expect(ids).toHaveLength(45);
    },
  );

  test('believes an end that is still there when it is asked for again', async () => {
    const { asked, fetch } = server([10, 10, 3]);
    expect(
      await readAll(
        listNumberedPages(fetch, { expected: 40, concurrency: 4, limits: limits(), read: [] }),
      ),
    ).toHaveLength(23);
    expect(asked.length).toBeLessThanOrEqual(4 + 2);
  });

  test('asks for one page past the end when the total is known', async () => {
    const { asked, fetch } = server([10, 10, 10, 10, 5]);
    await readAll(
      listNumberedPages(fetch, { expected: 45, concurrency: 4, limits: limits(), read: [] }),
    );
    expect(asked.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('asks for at most two pages past the end when it is not', async () => {
    const { asked, fetch } = server([10, 10, 10, 10, 5]);
    await readAll(
      listNumberedPages(fetch, {
        expected: undefined,
        concurrency: 16,
        limits: limits(),
        read: [],
      }),
    );
    expect(Math.max(...asked)).toBeLessThanOrEqual(7);
    // The first empty page is doubted once: nothing else says that the list ends there.
    expect(asked.filter((page) => asked.indexOf(page) !== asked.lastIndexOf(page))).toEqual([6, 6]);
  });

  test('refuses a list with a hole: an empty page before one that is not', async () => {
    const { fetch } = server([10, 10, 0, 10]);
    const reading = readAll(
      listNumberedPages(fetch, { expected: 40, concurrency: 4, limits: limits(), read: [] }),
    );
    await expect(reading).rejects.toMatchObject({ code: 'LIST_INCONSISTENT' });
  });

  test('passes on the failure of any page, and tells the others to stop', async () => {
    const aborted: number[] = [];
    const fetch = (number: number, { signal }: Limits): Promise<ListPage> => {
      if (number === 1) return server([10]).fetch(1, limits());
      if (number === 3) return Promise.reject(new Error('page 3 is lost'));
      const { promise, reject } = Promise.withResolvers<ListPage>();
      signal.addEventListener('abort', () => {
        aborted.push(number);
        reject(new Error('stopped'));
      });
      return promise;
    };
    await expect(
      readAll(
        listNumberedPages(fetch, { expected: 50, concurrency: 4, limits: limits(), read: [] }),
      ),
    ).rejects.toThrow('page 3 is lost');
    expect(aborted.toSorted((a, b) => a - b)).toEqual([2, 4, 5]);
  });

  test('stops asking when its reader stops reading', async () => {
    const { asked, fetch } = server(Array.from({ length: 100 }, () => 10));
    for await (const page of listNumberedPages(fetch, {
      expected: 1000,
      concurrency: 4,
      limits: limits(),
      read: [],
    })) {
      if (page.number >= 2) break;
    }
    expect(asked.length).toBeLessThan(12);
  });
});
