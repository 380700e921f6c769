import { describe, expect, it } from 'vitest';
import { idsOf, IMAGES, refusalOf, startEmulator } from '../support/emulator.ts';

describe('the pages of the v1 list', () => {
  it('hold every image once, the newest first', async () => {
    await using server = await startEmulator({ images: 25 });
    const pages = [];
    for (const page of [1, 2, 3]) pages.push(await server.list(`page=${page}&per_page=10`));

    expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
    expect(idsOf(pages.flat())).toEqual(idsOf(server.account.all()));
    expect(new Set(idsOf(pages.flat())).size).toBe(25);
    const uploaded = pages.flat().map((image) => String(image['uploaded']));
    expect(uploaded).toEqual(uploaded.toSorted().toReversed());
  });

  it('start with page 1 and hold 1000 images unless the query says otherwise', async () => {
    await using server = await startEmulator({ images: 1005 });
    const all = idsOf(server.account.all());

    expect(idsOf(await server.list())).toEqual(all.slice(0, 1000));
    expect(idsOf(await server.list('page=2'))).toEqual(all.slice(1000));
    expect(idsOf(await server.list('per_page=10'))).toEqual(all.slice(0, 10));
  });

  it.each([
    ['an exact multiple', 20],
    ['no exact multiple', 25],
    ['nothing at all', 0],
  ])('are empty only past the end, with %s of the page size', async (_, images) => {
    await using server = await startEmulator({ images });
    const last = Math.ceil(images / 10);

    if (last > 0) expect(await server.list(`page=${last}&per_page=10`)).not.toEqual([]);
    expect(await server.list(`page=${last + 1}&per_page=10`)).toEqual([]);
    expect(await server.list('page=1000000&per_page=10')).toEqual([]);
  });

  it('carry no total, no cursor and nothing else beside the images', async () => {
    await using server = await startEmulator();
    const { status, headers, body } = await server.ask(`${IMAGES}?per_page=10`);

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toMatchObject({ success: true, errors: [], messages: [] });
    expect(Object.keys(body)).toEqual(['success', 'errors', 'messages', 'result']);
    expect(Object.keys(body.result as object)).toEqual(['images']);
  });
});

describe('the bounds of the v1 list', () => {
  it.each(['per_page=10', 'per_page=10000', 'page=1'])('include %s', async (query) => {
    await using server = await startEmulator({ images: 30 });

    expect(await server.list(query)).toHaveLength(query === 'per_page=10' ? 10 : 30);
  });

  it.each([
    'per_page=9',
    'per_page=10001',
    'per_page=0',
    'per_page=-10',
    'per_page=10.5',
    'per_page=many',
    'per_page=',
    'page=0',
    'page=-1',
    'page=1.5',
    'page=first',
    'page=',
  ])('exclude %s', async (query) => {
    await using server = await startEmulator();

    expect(refusalOf(await server.ask(`${IMAGES}?${query}`))).toBe('400 5400');
  });
});
