import { describe, expect, test } from 'vitest';
import { idsOf } from '../support/emulator.ts';
import type { ListPage } from '../../src/sync/ports/pages.ts';
import { NO_MEMORY } from '../support/memory.ts';
import { idsOn, limitsOf, openSource } from '../support/open-source.ts';

/** What every source keeps to, whichever list it reads. */
describe.for(['v1', 'v2'] as const)('a source of the %s list', (version) => {
  const isPage = (path: string): boolean => path.includes(`/images/${version}?`);

  test.for([0, 1, 9, 10, 11, 30])('shows each of %i images once', async (images) => {
    for (const expected of [undefined, images, images + 7]) {
      const { read, account } = await openSource(version, { images });
      const pages = await read(expected === undefined ? {} : { expected });
      expect(idsOn(pages).toSorted()).toEqual(
        account
          .all()
          .map(({ id }) => id)
          .toSorted(),
      );
      for (const { images: shown, count } of pages) expect(count).toBe(shown.length);
      expect(pages.every(({ count }) => count > 0)).toBe(true);
    }
  });

  test('goes on to the end when pages are shorter than asked for', async () => {
    const { read } = await openSource(version, { images: 25, quirks: { maxPageSize: 4 } });
    expect(idsOn(await read({ expected: 25 }))).toHaveLength(25);
  });

  test('does not read again what was read, whatever that was', async () => {
    const whole = await openSource(version, { images: 57 });
    const pages = await whole.read({ expected: 57 });
    for (let known = 0; known <= pages.length; known += 1) {
      const { read, emulator } = await openSource(version, { images: 57 });
      const inOrder = pages.toSorted((a, b) => a.number - b.number).slice(0, known);
      const rest = await read({ expected: 57, read: inOrder });
      expect([...idsOn(inOrder), ...idsOn(rest)].toSorted()).toEqual(idsOn(pages).toSorted());
      const asked = emulator.requests.filter(isPage);
      // The end of a numbered list is an empty page, of which nothing is kept.
      const end = version === 'v1' ? 1 : 0;
      expect(asked).toHaveLength(pages.length - known + end);
    }
  });

  test('lists one creator after the other, and goes on within each', async () => {
    const options = { images: 80, creators: ['acme', '', 'nobody'] };
    const { read, account } = await openSource(version, options);
    const pages = await read();
    const wanted = account
      .all()
      .filter(({ creator }) => ['acme', null, undefined].includes(creator as string));
    expect(idsOn(pages).toSorted()).toEqual(wanted.map(({ id }) => id).toSorted());
    expect(new Set(pages.map(({ list }) => list))).toEqual(new Set([0, 1]));
    const known = pages.filter(({ number }) => number === 1);
    const again = await openSource(version, options);
    const rest = await again.read({ read: known });
    expect([...idsOn(known), ...idsOn(rest)].toSorted()).toEqual(idsOn(pages).toSorted());
  });

  test.for(['html-200', 'null-result', 'images-object', 'error-200', 'truncated'] as const)(
    'throws, and does not end, when its second page is %s',
    async (name) => {
      const { read, emulator } = await openSource(version, { concurrency: 1 });
      emulator.faults.add({ name, path: /page=2|continuation_token/ });
      const seen: ListPage[] = [];
      await expect(read({ expected: 25, onPage: (page) => seen.push(page) })).rejects.toThrow(
        /^page 2 of the list: /,
      );
      expect(seen).toHaveLength(1);
    },
  );

  test('stops when it is told to, with the reason', async () => {
    const { read } = await openSource(version, { images: 100, concurrency: 1 });
    const stop = new AbortController();
    const reason = new Error('enough');
    const reading = read({ expected: 100, onPage: () => stop.abort(reason), signal: stop.signal });
    await expect(reading).rejects.toBe(reason);
  });

  test('shows the newest images first, and asks for no page before it is waited for', async () => {
    const { source, emulator, account } = await openSource(version, { images: 35 });
    const pages: ListPage[] = [];
    for (const list of source.newest(limitsOf(), NO_MEMORY)) {
      expect(emulator.requests).toEqual([]);
      for await (const page of list) {
        pages.push(page);
        expect(emulator.requests).toHaveLength(pages.length);
        if (pages.length === 2) break;
      }
    }
    expect(idsOn(pages)).toEqual(idsOf(account.all().slice(0, 20)));
    await source.expected(limitsOf());
    expect(emulator.requests).toHaveLength(3);
  });

  test('shows the newest images of each creator as a list of its own', async () => {
    const creators = ['acme', '', 'nobody'];
    const { source, account } = await openSource(version, { images: 80, creators });
    const lists: string[][] = [];
    for (const list of source.newest(limitsOf(), NO_MEMORY)) {
      const pages: ListPage[] = [];
      for await (const page of list) pages.push(page);
      lists.push(idsOn(pages));
    }
    const of = (creator: string): string[] =>
      idsOf(account.all().filter((image) => (image['creator'] ?? '') === creator));
    expect(lists).toEqual([of('acme'), of(''), []]);
    expect(lists[1]?.length).toBeGreaterThan(10);
  });

  test('leaves no request behind when its reader stops', async () => {
    const { source, emulator } = await openSource(version, { images: 100 });
    for await (const page of source.list(100, limitsOf(), [], NO_MEMORY)) if (page.count > 0) break;
    const asked = emulator.requests.length;
    await source.expected(limitsOf());
    expect(emulator.requests).toHaveLength(asked + 1);
  });

  test('finds one image by whatever id it has, and says when there is none', async () => {
    const { source, account } = await openSource(version);
    const ids = ['a/b', '..', '.', '%2F', 'ü/日本 100%?#', 'x'.repeat(1024), '👩‍👩‍👧'];
    for (const id of ids) {
      account.upload({ id, filename: 'f' });
      expect(await source.find(id, limitsOf())).toMatchObject({ id, filename: 'f' });
      account.delete(id);
      expect(await source.find(id, limitsOf())).toBeUndefined();
    }
  });

  test('does not take a draft for an image', async () => {
    const { source, account, read } = await openSource(version, { drafts: 1 });
    expect(account.find('draft-0')).toContain('"draft":true');
    expect(await source.find('draft-0', limitsOf())).toBeUndefined();
    expect(idsOn(await read())).not.toContain('draft-0');
  });

  test('never asks for the keys, and does not call an image of that name gone', async () => {
    const { source, emulator } = await openSource(version);
    for (const id of ['keys', 'stats', 'variants', 'batch_token']) {
      expect(source.canFind(id)).toBe(false);
      await expect(source.find(id, limitsOf())).rejects.toThrow(`image ${id}`);
    }
    expect(source.canFind('keys/1')).toBe(true);
    expect(emulator.requests).toEqual([]);
  });

  test('says how many images are stated, or that nothing is', async () => {
    const { source, emulator } = await openSource(version, { quirks: { statsShift: 3 } });
    expect(await source.expected(limitsOf())).toBe(28);
    for (const name of ['no-route', 'reset', 'error-500', 'bad-filter', 'huge'] as const) {
      emulator.faults.clear();
      emulator.faults.add({ name, path: /stats/ });
      expect(await source.expected(limitsOf()), name).toBeUndefined();
    }
  });

  test('of an account without Images refuses, and is not empty', async () => {
    for (const creators of [undefined, ['ann']]) {
      const { source, read } = await openSource(version, { isEnabled: false, creators });
      const reading = source
        .expected(limitsOf())
        .then((expected) => read({ ...(expected !== undefined && { expected }) }));
      await expect(reading).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
      if (creators) await expect(read()).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
    }
  });

  test('counts what it asked, retries included', async () => {
    const { source, read, emulator } = await openSource(version, { images: 5 });
    emulator.faults.add({ name: 'error-500', times: 1 });
    await read({ expected: 5 });
    expect(source.usage()).toEqual({ requests: emulator.requests.length, retries: 1 });
  });
});
