import { describe, expect, it } from 'vitest';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import { idsOf, startEmulator, type StartedEmulator } from '../support/emulator.ts';
import { walkV2 } from '../support/list-v2.ts';

/** Walks the list of 30 images in tens; after page 1 something happens to the account. */
async function walk(
  server: StartedEmulator,
  afterPage1: (account: EmulatedAccount) => void,
  order = 'desc',
): Promise<string[]> {
  const pages = await walkV2(server, `per_page=10&sort_order=${order}`, (_, number) => {
    if (number === 1) afterPage1(server.account);
  });
  return idsOf(pages.flatMap(({ images }) => images));
}

describe('what happens between two pages of the v2 list', () => {
  it('a deletion in an earlier page: nothing is skipped', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());

    expect(await walk(server, (account) => account.delete(all[3] ?? ''))).toEqual(all);
  });

  it('a deletion of the image behind which to go on: the walk goes on there', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());

    expect(await walk(server, (account) => account.delete(all[9] ?? ''))).toEqual(all);
  });

  it('a deletion in a later page: only the deleted image is not seen', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());
    const seen = await walk(server, (account) => account.delete(all[25] ?? ''));

    expect(seen).toEqual(all.toSpliced(25, 1));
  });

  it('an upload: nothing is seen twice; it is seen itself if the oldest come first', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());
    const upload = (id: string) => (account: EmulatedAccount) => void account.upload({ id });

    expect(await walk(server, upload('new'))).toEqual(all);
    expect(await walk(server, upload('newer'), 'asc')).toEqual([
      ...all.toReversed(),
      'new',
      'newer',
    ]);
  });

  it('a deletion of all that is left: the next page is empty, and the last', async () => {
    await using server = await startEmulator({ images: 30 });
    const all = idsOf(server.account.all());
    const seen = await walk(server, (account) => {
      for (const id of all.slice(10)) account.delete(id);
    });

    expect(seen).toEqual(all.slice(0, 10));
    expect(server.emulator.requests).toHaveLength(2);
  });

  it('a patch that gives a new id: the image is seen in its old place', async () => {
    await using server = await startEmulator({ images: 30 });
    const before = server.account.all();
    const signed = before[15]?.['requireSignedURLs'] === true;
    const seen = await walk(server, (account) => {
      account.patch(before[15]?.id ?? '', { requireSignedURLs: !signed });
    });

    expect(seen[15]).not.toBe(before[15]?.id);
    expect(seen.toSpliced(15, 1)).toEqual(idsOf(before).toSpliced(15, 1));
  });
});
