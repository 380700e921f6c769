import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { listNumberedPages } from '../../src/cloudflare/list-v1.ts';
import type { ListPage } from '../../src/sync/ports/pages.ts';
import { pageOf } from '../support/page.ts';

const limits = { signal: new AbortController().signal, deadlineAt: Infinity };

interface Server {
  /** Images on each page; what comes after the last one is empty. */
  readonly sizes: readonly number[];
  /** Pages that are empty the first time they are asked for. */
  readonly lies: ReadonlySet<number>;
  /** In which order pages that are under way arrive. */
  readonly delays: readonly number[];
}

const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 25 });
const delays = fc.array(fc.nat(12), { minLength: 1, maxLength: 8 });
const concurrency = fc.integer({ min: 1, max: 20 });

/** Reads the whole list. @returns The ids in order of arrival, and the pages that were asked for. */
async function read(server: Server, expected: number | undefined, atOnce: number) {
  const asked: number[] = [];
  const underWay = new Set<number>();
  const fetch = async (number: number): Promise<ListPage> => {
    expect(underWay.has(number), `page ${number} is under way twice`).toBe(false);
    underWay.add(number);
    const isLie = server.lies.has(number) && !asked.includes(number);
    asked.push(number);
    const turns = server.delays[asked.length % server.delays.length] ?? 0;
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    underWay.delete(number);
    const size = isLie ? 0 : (server.sizes[number - 1] ?? 0);
    const images = Array.from({ length: size }, (_, index) =>
      decodeImage({ id: `${number}/${index}` }),
    );
    return pageOf(images, { number });
  };
  const ids: string[] = [];
  for await (const page of listNumberedPages(fetch, {
    expected,
    concurrency: atOnce,
    limits,
    read: [],
  })) {
    ids.push(...page.images.map(({ id }) => id));
  }
  return { ids, asked };
}

function totalOf(pages: readonly number[]): number {
  return pages.reduce((sum, size) => sum + size, 0);
}

describe('any list, read in any order of arrival', () => {
  test('is read whole, each image once, with hardly a request past its end', async () => {
    const statedBy = fc.option(fc.integer({ min: -40, max: 40 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        delays,
        concurrency,
        statedBy,
        async (pages, order, atOnce, error) => {
          const total = totalOf(pages);
          const expected = error === undefined ? undefined : Math.max(0, total + error);
          const server = { sizes: pages, lies: new Set<number>(), delays: order };
          const { ids, asked } = await read(server, expected, atOnce);
          expect(ids).toHaveLength(total);
          expect(new Set(ids).size).toBe(total);
          if (expected === undefined) expect(asked.length).toBeLessThanOrEqual(pages.length + 3);
          expect(asked.length).toBeLessThanOrEqual(pages.length + atOnce + 3);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('is read whole although any pages are empty once, when its total is known', async () => {
    const lies = fc.uniqueArray(fc.integer({ min: 1, max: 26 }));
    await fc.assert(
      fc.asyncProperty(sizes, delays, concurrency, lies, async (pages, order, atOnce, lying) => {
        const total = totalOf(pages);
        const server = { sizes: pages, lies: new Set(lying), delays: order };
        const { ids } = await read(server, total, atOnce);
        expect(ids).toHaveLength(total);
        expect(new Set(ids).size).toBe(total);
      }),
      { numRuns: 1000 },
    );
  });
});
