import { describe, expect, test } from 'vitest';
import { walkTokens } from '../../src/cloudflare/list-v2.ts';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { ListPage } from '../../src/sync/ports/pages.ts';
import { idsOn, limitsOf, openSource } from '../support/open-source.ts';
import { pageOf } from '../support/page.ts';

describe('the walk along continuation tokens', () => {
  test('asks from the oldest image on, and for each token once', async () => {
    const { read, emulator, account } = await openSource('v2', { images: 25 });
    const ids = idsOn(await read({ expected: 25 }));
    const oldestFirst = account.all().map(({ id }) => id);
    expect(ids).toEqual(oldestFirst.toReversed());
    expect(emulator.requests.every((path) => path.includes('sort_order=asc'))).toBe(true);
    expect(emulator.requests.some((path) => /[?&]page=/.test(path))).toBe(false);
    expect(new Set(emulator.requests).size).toBe(3);
  });

  test('goes on behind an empty page that has a token', async () => {
    const { read } = await openSource('v2', { images: 25, quirks: { v2EmptyPages: true } });
    const pages = await read({ expected: 25 });
    expect(idsOn(pages)).toHaveLength(25);
    expect(pages.map(({ number }) => number)).toEqual([1, 3, 5]);
  });

  test('ends where the token is left out as well as where it is null', async () => {
    const { read } = await openSource('v2', { quirks: { v2OmitEndToken: true } });
    expect(idsOn(await read())).toHaveLength(25);
  });

  test('that leads in a circle is an error, not a list without end', async () => {
    const { read } = await openSource('v2', { images: 50, quirks: { v2RepeatToken: true } });
    await expect(read({ expected: 50 })).rejects.toMatchObject({ code: 'LIST_REPEATS' });
  });

  test('that would lead back to a page of an interrupted run is one too', async () => {
    const fetch = (): Promise<ListPage> => Promise.resolve(pageOf([], { number: 3, next: 'one' }));
    const read = [
      pageOf([decodeImage({ id: 'a' })], { number: 1, next: 'one' }),
      pageOf([decodeImage({ id: 'b' })], { number: 2, next: 'two' }),
    ];
    const walk = async (): Promise<void> => {
      for await (const page of walkTokens(fetch, undefined, limitsOf(), read)) {
        expect.fail(`page ${page.number} is shown`);
      }
    };
    await expect(walk()).rejects.toMatchObject({ code: 'LIST_REPEATS' });
  });

  test('neither skips nor repeats what is there throughout when images come and go', async () => {
    const { read, account, emulator } = await openSource('v2', { images: 95 });
    const before = account.all().map(({ id }) => id);
    const gone = new Set<string>();
    emulator.on('request', () => {
      account.upload();
      const [, victim] = account.all().filter(({ id }) => before.includes(id));
      if (victim && account.delete(victim.id)) gone.add(victim.id);
    });
    const ids = idsOn(await read({ expected: 95 }));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of before) if (!gone.has(id)) expect(ids).toContain(id);
  });
});

describe('a walk that ends at exactly 10,000 images', () => {
  const cut = { perPage: 5000, images: 10_050, quirks: { v2MaxImages: 10_000 } };

  test('is not whole when the account holds more', async () => {
    const { read, source } = await openSource('v2', cut);
    const expected = await source.expected(limitsOf());
    expect(expected).toBe(10_050);
    await expect(read({ expected: 10_050 })).rejects.toMatchObject({
      code: 'LIST_INCONSISTENT',
      message: 'the list ended at exactly 10000 images, yet the account holds 10050',
    });
  });

  test('nor when part of it was read by an interrupted run', async () => {
    const first = await openSource('v2', { ...cut, quirks: {} });
    const [page] = await first.read();
    if (page === undefined) throw new Error('no page');
    const { read } = await openSource('v2', { ...cut, images: 10_000 });
    await expect(read({ expected: 10_001, read: [page] })).rejects.toMatchObject({
      code: 'LIST_INCONSISTENT',
    });
  });

  test('is whole when the account holds so many, or does not say', async () => {
    const { read } = await openSource('v2', { ...cut, images: 10_000 });
    expect(idsOn(await read({ expected: 10_000 }))).toHaveLength(10_000);
    expect(idsOn(await read())).toHaveLength(10_000);
  });
});

test('a token that is no text is no answer', async () => {
  const { read, emulator } = await openSource('v2');
  emulator.faults.add({ name: 'bad-token' });
  await expect(read()).rejects.toMatchObject({ code: 'BAD_ANSWER' });
});
