import { describe, expect, it } from 'vitest';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import { idsOf, startEmulator, type StartedEmulator } from '../support/emulator.ts';

/** Walks the list page by page, as a client does; before page 2 something happens to the account. */
async function walk(
  server: StartedEmulator,
  beforePage2: (account: EmulatedAccount) => void,
): Promise<string[]> {
  server.emulator.on('request', (_method, path) => {
    if (path.includes('page=2&')) beforePage2(server.account);
  });
  const seen: string[] = [];
  for (let page = 1; ; page += 1) {
    const images = await server.list(`page=${page}&per_page=10`);
    if (images.length === 0) return seen;
    seen.push(...idsOf(images));
  }
}

describe('what happens between two pages', () => {
  it('nothing: every image is seen once', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());

    expect(await walk(server, () => undefined)).toEqual(all);
  });

  it('a deletion in an earlier page: a later image shifts forward and is never seen', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());
    const seen = await walk(server, (account) => account.delete(all[3] ?? ''));

    expect(seen).toEqual(all.toSpliced(10, 1));
    expect(server.account.find(all[10] ?? '')).toBeDefined();
  });

  it('a deletion in a later page: only the deleted image is not seen', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());
    const seen = await walk(server, (account) => account.delete(all[25] ?? ''));

    expect(seen).toEqual(all.toSpliced(25, 1));
  });

  it('an upload: a seen image shifts back and is seen twice, the new one not at all', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());
    const seen = await walk(server, (account) => account.upload({ id: 'new' }));

    expect(seen).toEqual(all.toSpliced(10, 0, all[9] ?? ''));
    expect(idsOf(await server.list())[0]).toBe('new');
  });

  it('an upload and a deletion: the pages look whole, and are not', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());
    const seen = await walk(server, (account) => {
      account.upload({ id: 'new' });
      account.delete(all[3] ?? '');
    });

    expect(seen).toEqual(all);
    expect(idsOf(await server.list())).toEqual(['new', ...all.toSpliced(3, 1)]);
  });

  it('a new requireSignedURLs: the image is seen in its old place under its new id', async () => {
    await using server = await startEmulator({ images: 30 });
    const before = server.account.all();
    const signed = before[15]?.['requireSignedURLs'] === true;
    const seen = await walk(server, (account) => {
      account.patch(before[15]?.id ?? '', { requireSignedURLs: !signed });
    });

    expect(seen[15]).not.toBe(before[15]?.id);
    expect(seen.toSpliced(15, 1)).toEqual(idsOf(before).toSpliced(15, 1));
    expect(server.account.find(seen[15] ?? '')).toBeDefined();
  });
});
