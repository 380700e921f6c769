import { describe, expect, it } from 'vitest';
import type { Quirks } from '../../src/emulator/quirks.ts';
import { idsOf, startEmulator, type StartedEmulator } from '../support/emulator.ts';
import { pageV2, walkV2, type PageV2 } from '../support/list-v2.ts';

const serve = (images: number, quirks: Partial<Quirks>): Promise<StartedEmulator> =>
  startEmulator({ images }, { quirks });

const sizes = (pages: readonly PageV2[]): number[] => pages.map(({ images }) => images.length);
const idsIn = (pages: readonly PageV2[]): string[] => idsOf(pages.flatMap(({ images }) => images));

describe('a v2 list of pages smaller than what was asked for', () => {
  it('leads on from every short page', async () => {
    await using server = await serve(25, { maxPageSize: 7 });
    const pages = await walkV2(server, 'per_page=1000');

    expect(sizes(pages)).toEqual([7, 7, 7, 4]);
    expect(idsIn(pages)).toEqual(idsOf(server.account.all()));
  });
});

describe('a v2 list that ends after so many images', () => {
  it.each([
    [20, [10, 10]],
    [25, [10, 10, 5]],
    [1000, [10, 10, 10, 10]],
  ])('of %d', async (v2MaxImages, expected) => {
    await using server = await serve(40, { v2MaxImages });
    const pages = await walkV2(server, 'per_page=10');

    expect(sizes(pages)).toEqual(expected);
    expect(pages.at(-1)?.continuation_token).toBeNull();
    expect(idsIn(pages)).toEqual(idsOf(server.account.all()).slice(0, v2MaxImages));
  });

  it('counts anew for each walk', async () => {
    await using server = await serve(40, { v2MaxImages: 20 });
    const first = await walkV2(server, 'per_page=10');

    expect(await walkV2(server, 'per_page=10')).toEqual(first);
  });
});

describe('a v2 list that repeats its token', () => {
  it('shows page 2 again and again', async () => {
    await using server = await serve(40, { v2RepeatToken: true });
    const first = await pageV2(server, 'per_page=10');
    const second = await pageV2(server, 'per_page=10', first.continuation_token);

    expect(idsIn([first, second])).toEqual(idsOf(server.account.all()).slice(0, 20));
    expect(second.continuation_token).toBe(first.continuation_token);
    expect(await pageV2(server, 'per_page=10', second.continuation_token)).toEqual(second);
  });

  it('ends where one page holds it all', async () => {
    await using server = await serve(10, { v2RepeatToken: true });

    expect((await pageV2(server, 'per_page=10')).continuation_token).toBeNull();
  });
});

describe('a v2 list with empty pages', () => {
  it('has one between every two pages with images, and none at its end', async () => {
    await using server = await serve(25, { v2EmptyPages: true });
    const pages = await walkV2(server, 'per_page=10');
    const tokens = pages.map((page) => page.continuation_token);

    expect(sizes(pages)).toEqual([10, 0, 10, 0, 5]);
    expect(idsIn(pages)).toEqual(idsOf(server.account.all()));
    expect(tokens.at(-1)).toBeNull();
    expect(new Set(tokens).size).toBe(5);
  });

  it('ends with an empty page when what was left is gone', async () => {
    await using server = await serve(20, { v2EmptyPages: true });
    const all = idsOf(server.account.all());
    const pages = await walkV2(server, 'per_page=10', (_, number) => {
      if (number === 1) for (const id of all.slice(10)) server.account.delete(id);
    });

    expect(sizes(pages)).toEqual([10, 0]);
    expect(pages.at(-1)?.continuation_token).toBeNull();
  });
});

describe('a v2 list that omits the token at its end', () => {
  it('has tokens until then', async () => {
    await using server = await serve(20, { v2OmitEndToken: true });
    const [first, last] = await walkV2(server, 'per_page=10');

    expect(first?.continuation_token).toBeTypeOf('string');
    expect(Object.keys(last ?? {})).toEqual(['images']);
  });
});
