import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import {
  BEARER,
  imagePath,
  IMAGES,
  refusalOf,
  startEmulator,
  type Envelope,
} from '../support/emulator.ts';

/** Asks with the path as it stands: `fetch` would resolve `%2E%2E` before it sends it. */
async function askLiterally(baseUrl: string, path: string): Promise<Envelope> {
  const { hostname, port, pathname } = new URL(baseUrl);
  const request = get({ hostname, port, path: pathname + path, headers: BEARER, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return JSON.parse(await text(response)) as Envelope;
}

describe('the details of an image', () => {
  it('are what the list shows of it', async () => {
    await using server = await startEmulator({ images: 60 });

    for (const image of await server.list()) {
      const { status, body } = await server.ask(imagePath(image.id));
      expect(status).toBe(200);
      expect(body.result).toEqual(image);
    }
  });

  it('are found by ids with a slash, a percent sign and Unicode', async () => {
    await using server = await startEmulator({ images: 300 });
    const ids = (await server.list()).map(({ id }) => id);

    for (const mark of ['/', '%', '日本', 'é', ' ']) {
      const id = ids.find((one) => one.includes(mark));
      expect(id, `an id with "${mark}"`).toBeDefined();
      expect((await server.ask(imagePath(id ?? ''))).body.result).toMatchObject({ id });
    }
  });

  it.each(['a/b/c', '100%', '%2F', '😀', 'a?b#c', 'a/../b', '"quoted"', 'x'.repeat(1024)])(
    'are found by the custom id "%s"',
    async (id) => {
      await using server = await startEmulator({ images: 10 });
      server.account.upload({ id });

      expect((await server.ask(imagePath(id))).body.result).toMatchObject({ id });
    },
  );

  it.each([
    ['.', '%2E'],
    ['..', '%2E%2E'],
    ['../secret', '%2E%2E%2Fsecret'],
  ])('are found by the id "%s", sent as %s', async (id, encoded) => {
    await using server = await startEmulator({ images: 10 });
    server.account.upload({ id });

    expect((await askLiterally(server.baseUrl, `${IMAGES}/${encoded}`)).result).toMatchObject({
      id,
    });
  });

  it('are not found by an id whose slashes are not encoded', async () => {
    await using server = await startEmulator({ images: 10 });
    server.account.upload({ id: 'a/b' });

    expect(refusalOf(await server.ask(`${IMAGES}/a/b`))).toBe('404 7003');
  });

  it.each(['no-such-image', '00000000-0000-4000-a000-000000000000', 'a/b', '7', 'products/team/7'])(
    'of "%s", which is no image, are 404 with code 5404',
    async (id) => {
      await using server = await startEmulator();
      const answer = await server.ask(imagePath(id));

      expect(refusalOf(answer)).toBe('404 5404');
      expect(answer.body).toMatchObject({ success: false, messages: [], result: null });
    },
  );

  it('of a broken percent-encoding are a bad request', async () => {
    await using server = await startEmulator();

    expect(refusalOf(await server.ask(`${IMAGES}/100%`))).toBe('400 5400');
  });
});
