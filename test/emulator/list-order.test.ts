import { describe, expect, it } from 'vitest';
import type { ListOrder } from '../../src/emulator/choices.ts';
import { idsOf, startEmulator, type StartedEmulator } from '../support/emulator.ts';
import { pageV2 } from '../support/list-v2.ts';

const serve = (listOrder: ListOrder, images = 30): Promise<StartedEmulator> =>
  startEmulator({ images }, { quirks: { listOrder } });

/** Every page of ten. */
async function walk(server: StartedEmulator): Promise<string[]> {
  const seen: string[] = [];
  for (let page = 1; ; page += 1) {
    const images = await server.list(`per_page=10&page=${page}`);
    if (images.length === 0) return seen;
    seen.push(...idsOf(images));
  }
}

describe('a v1 list of the oldest first', () => {
  it('shows an upload last', async () => {
    await using server = await serve('oldest');
    const oldestFirst = idsOf(server.account.all()).toReversed();
    server.account.upload({ id: 'new' });

    expect(await walk(server)).toEqual([...oldestFirst, 'new']);
  });
});

describe('a shuffled v1 list', () => {
  it('shows every image once, near neither its elder nor its younger', async () => {
    await using server = await serve('shuffled', 300);
    const all = idsOf(server.account.all());
    const seen = await walk(server);
    const places = seen.map((id) => all.indexOf(id));
    const neighbours = places.filter(
      (place, index) => Math.abs(place - (places[index - 1] ?? Infinity)) === 1,
    );

    expect(seen.toSorted()).toEqual(all.toSorted());
    expect(neighbours.length).toBeLessThan(15);
  });

  it('is the same whenever it is asked for, and for every account of that size', async () => {
    await using server = await serve('shuffled', 300);
    await using other = await serve('shuffled', 300);
    const seen = await walk(server);

    expect(await walk(server)).toEqual(seen);
    expect(await walk(other)).toEqual(seen);
  });

  it('loses a deleted image and nothing else', async () => {
    await using server = await serve('shuffled');
    const seen = await walk(server);
    server.account.delete(seen[12] ?? '');

    expect(await walk(server)).toEqual(seen.toSpliced(12, 1));
  });

  it('has uploads among the others, whose order stays', async () => {
    await using server = await serve('shuffled');
    const before = await walk(server);
    const ids = Array.from({ length: 30 }, (_, index) => `new-${index}`);
    for (const id of ids) server.account.upload({ id });
    const after = await walk(server);
    const isNew = after.map((id) => id.startsWith('new-'));

    expect(after.filter((_, index) => !isNew[index])).toEqual(before);
    expect(after.filter((_, index) => isNew[index]).toSorted()).toEqual(ids.toSorted());
    expect(isNew.filter((each, index) => each !== isNew[index - 1]).length).toBeGreaterThan(10);
  });

  it('is the same if it was asked for only after the changes', async () => {
    await using early = await serve('shuffled');
    await using late = await serve('shuffled');
    await walk(early);
    for (const { account } of [early, late]) {
      for (let index = 0; index < 20; index += 1) account.upload({ id: `new-${index}` });
      account.delete('new-7');
      account.delete(account.all().at(-1)?.id ?? '');
    }

    expect(await walk(late)).toEqual(await walk(early));
  });

  it('filters by creator in its order', async () => {
    await using server = await serve('shuffled', 300);
    const theirs = (await server.list()).filter((image) => image['creator'] === 'acme');

    expect(await server.list('creator=acme')).toEqual(theirs);
    expect(await server.list('creator=acme&per_page=10&page=2')).toEqual(theirs.slice(10, 20));
  });

  it('leaves the v2 list in the order of uploads', async () => {
    await using server = await serve('shuffled');

    expect((await pageV2(server)).images).toEqual(server.account.all());
  });
});
