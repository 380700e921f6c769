import { describe, expect, it } from 'vitest';
import { idsOf, imagePath, IMAGES, refusalOf, startEmulator } from '../support/emulator.ts';
import { pageV2 } from '../support/list-v2.ts';

describe('a server that holds pages smaller than what was asked for', () => {
  it('shows short pages with more behind them', async () => {
    await using server = await startEmulator({ images: 25 }, { quirks: { maxPageSize: 10 } });
    const pages = [];
    for (const page of [1, 2, 3, 4]) pages.push(await server.list(`page=${page}&per_page=1000`));

    expect(pages.map((page) => page.length)).toEqual([10, 10, 5, 0]);
    expect(idsOf(pages.flat())).toEqual(idsOf(server.account.all()));
  });

  it('does not enlarge the pages of who asks for less', async () => {
    await using server = await startEmulator({ images: 60 }, { quirks: { maxPageSize: 50 } });

    expect(await server.list('per_page=20')).toHaveLength(20);
  });
});

describe('a server that ignores the page number', () => {
  it('shows page 1 again and again, and never an empty page', async () => {
    await using server = await startEmulator({ images: 25 }, { quirks: { ignorePage: true } });
    const first = idsOf(await server.list('page=1&per_page=10'));

    expect(first).toHaveLength(10);
    expect(idsOf(await server.list('page=2&per_page=10'))).toEqual(first);
    expect(idsOf(await server.list('page=99&per_page=10'))).toEqual(first);
  });
});

describe('a server that no longer serves the v1 list', () => {
  it('answers it with 410', async () => {
    await using server = await startEmulator({}, { quirks: { v1Gone: true } });

    expect(refusalOf(await server.ask(IMAGES))).toBe('410 7000');
    expect(refusalOf(await server.ask(`${IMAGES}?page=1&per_page=10`))).toBe('410 7000');
  });

  it('serves everything beside it', async () => {
    await using server = await startEmulator({}, { quirks: { v1Gone: true } });
    const { id } = server.account.upload({ id: 'mine' }) ?? { id: '' };

    expect((await server.ask(imagePath(id))).body.result).toMatchObject({ id });
    expect((await server.ask(`${IMAGES}/stats`)).body.result).toMatchObject({
      count: { current: 31 },
    });
    expect((await server.ask(IMAGES, { method: 'POST', body: '{"id":"too"}' })).status).toBe(200);
    expect((await pageV2(server)).images).toHaveLength(32);
  });
});
