import { describe, expect, it } from 'vitest';
import { idsOf, imagePath, refusalOf, startEmulator } from '../support/emulator.ts';

describe('a DELETE', () => {
  it.each([
    ['newest', 0],
    ['middle', 14],
    ['oldest', 29],
  ])('removes the %s image, and only that', async (_, index) => {
    await using server = await startEmulator({ images: 30 });
    const before = await server.list();
    const id = before[index]?.id ?? '';
    const answer = await server.ask(imagePath(id), { method: 'DELETE' });

    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ success: true, errors: [], result: {} });
    expect(await server.list()).toEqual(before.toSpliced(index, 1));
    expect(refusalOf(await server.ask(imagePath(id)))).toBe('404 5404');
  });

  it('of what is gone, or never was, is 404 with code 5404', async () => {
    await using server = await startEmulator({ images: 30 });
    const [first] = await server.list();

    for (const id of [first?.id ?? '', 'nothing']) {
      await server.ask(imagePath(id), { method: 'DELETE' });
      expect(refusalOf(await server.ask(imagePath(id), { method: 'DELETE' }))).toBe('404 5404');
    }
    expect(server.account.size).toBe(29);
  });

  it('removes uploaded and changed images as well', async () => {
    await using server = await startEmulator({ images: 10 });
    const original = await server.list();
    server.account.upload({ id: 'mine' });
    const changed = server.account.patch(original[4]?.id ?? '', { creator: 'me' });
    for (const id of ['mine', changed?.id ?? '']) {
      expect((await server.ask(imagePath(id), { method: 'DELETE' })).status).toBe(200);
    }

    expect(idsOf(await server.list())).toEqual(idsOf(original.toSpliced(4, 1)));
    expect(await server.list('creator=me')).toEqual([]);
  });

  it('can empty an account, which then fills again', async () => {
    await using server = await startEmulator({ images: 10 });
    for (const id of idsOf(await server.list())) {
      await server.ask(imagePath(id), { method: 'DELETE' });
    }
    expect(await server.list()).toEqual([]);

    server.account.upload({ id: 'new' });
    expect(idsOf(await server.list())).toEqual(['new']);
  });
});
