import { describe, expect, it } from 'vitest';
import {
  BEARER,
  idsOf,
  imagePath,
  IMAGES,
  refusalOf,
  startEmulator,
  type Answer,
  type StartedEmulator,
} from '../support/emulator.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Uploads as Cloudflare's clients do: a multipart form. */
function upload(server: StartedEmulator, fields: Record<string, string | File>): Promise<Answer> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return server.ask(IMAGES, { method: 'POST', headers: BEARER, body });
}

const cat = (): File => new File(['bytes'], 'cat.png', { type: 'image/png' });

describe('an upload', () => {
  it('becomes the first image of the list, as the answer shows it', async () => {
    await using server = await startEmulator();
    const before = idsOf(await server.list());
    const { status, body } = await upload(server, {
      file: cat(),
      metadata: '{"album":"cats","order":7}',
      creator: 'me',
      requireSignedURLs: 'true',
    });
    const image = { filename: 'cat.png', creator: 'me', meta: { album: 'cats', order: 7 } };
    const [first, ...rest] = await server.list();

    expect(status).toBe(200);
    expect(body.result).toMatchObject({ ...image, requireSignedURLs: true });
    expect(first).toEqual(body.result);
    expect(idsOf(rest)).toEqual(before);
  });

  it('gets a UUID, and an instant in milliseconds, unless it brings an id', async () => {
    await using server = await startEmulator();
    const one = (await upload(server, { file: cat() })).body.result as Record<string, unknown>;
    const two = (await upload(server, { file: cat() })).body.result as Record<string, unknown>;

    expect(one['id']).toMatch(UUID);
    expect(two['id']).not.toBe(one['id']);
    expect(one['uploaded']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(one['requireSignedURLs']).toBe(false);
    expect(one).not.toHaveProperty('creator');
    expect(one).not.toHaveProperty('meta');
  });

  it.each(['mine', 'albums/2026/katze 100%.png', '猫', '%2F'])(
    'may bring the id "%s"',
    async (id) => {
      await using server = await startEmulator();

      expect((await upload(server, { file: cat(), id })).body.result).toMatchObject({ id });
      expect((await server.ask(imagePath(id))).body.result).toMatchObject({ id });
      expect(idsOf(await server.list())[0]).toBe(id);
    },
  );

  it('may bring an address instead of bytes', async () => {
    await using server = await startEmulator();

    expect(
      (await upload(server, { url: 'https://example.test/a/dog.webp' })).body.result,
    ).toMatchObject({ filename: 'dog.webp' });
  });

  it('is refused when its id is taken, by an upload or by an image from the start', async () => {
    await using server = await startEmulator();
    const [oldest] = server.account.all().toReversed();
    await upload(server, { file: cat(), id: 'mine', creator: 'me' });

    for (const id of ['mine', oldest?.id ?? '']) {
      const answer = await upload(server, { file: cat(), id, creator: 'you' });
      expect(refusalOf(answer)).toBe('409 5409');
    }
    expect(await server.list()).toHaveLength(31);
    expect((await server.ask(imagePath('mine'))).body.result).toMatchObject({ creator: 'me' });
  });

  it('may take an id that a deletion has set free', async () => {
    await using server = await startEmulator();
    const [oldest] = server.account.all().toReversed();
    const id = oldest?.id ?? '';
    server.account.delete(id);
    await upload(server, { file: cat(), id, creator: 'the next owner' });

    expect(idsOf(await server.list())[0]).toBe(id);
    expect((await server.ask(imagePath(id))).body.result).toMatchObject({
      creator: 'the next owner',
    });
  });

  it.each(['{not json', ''])('whose metadata is "%s" is a bad request', async (metadata) => {
    await using server = await startEmulator();

    expect(refusalOf(await upload(server, { file: cat(), metadata }))).toBe('400 5400');
    expect(await server.list()).toHaveLength(30);
  });

  it('with a body that is no form and no JSON object is a bad request', async () => {
    await using server = await startEmulator();

    for (const body of ['', 'plain', '[]', 'null']) {
      expect(refusalOf(await server.ask(IMAGES, { method: 'POST', body }))).toBe('400 5400');
    }
    expect(await server.list()).toHaveLength(30);
  });

  it('keeps its place while hundreds follow', async () => {
    await using server = await startEmulator({ images: 0 });
    const ids = Array.from({ length: 300 }, (_, index) => `image-${index}`);
    for (const id of ids) server.account.upload({ id });

    expect(idsOf(await server.list())).toEqual(ids.toReversed());
  });
});
