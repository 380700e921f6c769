import { describe, expect, it } from 'vitest';
import { idsOf, startEmulator } from '../support/emulator.ts';

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
