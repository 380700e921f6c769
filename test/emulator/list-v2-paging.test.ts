import { describe, expect, it } from 'vitest';
import { idsOf, startEmulator } from '../support/emulator.ts';
import { IMAGES_V2, pageV2, walkV2 } from '../support/list-v2.ts';

describe('the pages of the v2 list', () => {
  it('hold every image once, the newest first', async () => {
    await using server = await startEmulator({ images: 25 });
    const pages = await walkV2(server, 'per_page=10');

    expect(pages.map(({ images }) => images.length)).toEqual([10, 10, 5]);
    expect(pages.flatMap(({ images }) => images)).toEqual(server.account.all());
  });

  it.each([
    ['desc', (all: string[]) => all],
    ['asc', (all: string[]) => all.toReversed()],
  ])('are in the order "%s" when asked for it', async (order, sorted) => {
    await using server = await startEmulator({ images: 25 });
    const pages = await walkV2(server, `per_page=10&sort_order=${order}`);
    const images = pages.flatMap((page) => page.images);

    expect(idsOf(images)).toEqual(sorted(idsOf(server.account.all())));
  });

  it('hold 1000 images unless the query says otherwise', async () => {
    await using server = await startEmulator({ images: 1005 });
    const pages = await walkV2(server, '');

    expect(pages.map(({ images }) => images.length)).toEqual([1000, 5]);
  });

  it.each([
    ['no exact multiple', 25, [10, 10, 5]],
    ['an exact multiple', 20, [10, 10]],
    ['one page', 10, [10]],
    ['nothing at all', 0, [0]],
  ])('end with a null token where no image stands behind, with %s', async (_, images, sizes) => {
    await using server = await startEmulator({ images });
    const pages = await walkV2(server, 'per_page=10');

    expect(pages.map((page) => page.images.length)).toEqual(sizes);
    expect(pages.at(-1)?.continuation_token).toBeNull();
  });

  it('have no numbers: page is ignored', async () => {
    await using server = await startEmulator({ images: 25 });
    const first = await pageV2(server, 'per_page=10');

    expect(await pageV2(server, 'per_page=10&page=2')).toEqual(first);
    expect(await pageV2(server, 'per_page=10&page=first')).toEqual(first);
  });

  it('carry a token and nothing else beside the images', async () => {
    await using server = await startEmulator();
    const { status, body } = await server.ask(`${IMAGES_V2}?per_page=10`);

    expect(status).toBe(200);
    expect(body).toMatchObject({ success: true, errors: [], messages: [] });
    expect(Object.keys(body.result as object)).toEqual(['images', 'continuation_token']);
  });
});

describe('the creator filter of the v2 list', () => {
  it.each(['acme', ''])('walks the images of "%s" only', async (creator) => {
    await using server = await startEmulator({ images: 300 });
    const theirs = server.account.all().filter((image) => (image['creator'] ?? '') === creator);
    const pages = await walkV2(server, `per_page=10&creator=${creator}`);

    expect(theirs.length).toBeGreaterThan(20);
    expect(pages.flatMap(({ images }) => images)).toEqual(theirs);
    expect(pages).toHaveLength(Math.ceil(theirs.length / 10));
  });

  it('ends with a null token although images of others stand behind', async () => {
    await using server = await startEmulator({ images: 30 });
    server.account.upload({ id: 'theirs', creator: 'me' });
    const { images, continuation_token } = await pageV2(server, 'creator=me');

    expect(idsOf(images)).toEqual(['theirs']);
    expect(continuation_token).toBeNull();
  });
});
