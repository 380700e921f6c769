import { describe, expect, it } from 'vitest';
import { IMAGES, startEmulator } from '../support/emulator.ts';

interface Variant {
  readonly id: string;
  readonly options: unknown;
  readonly neverRequireSignedURLs: unknown;
}

describe('variants', () => {
  it('are a map by name, not a list', async () => {
    await using server = await startEmulator();
    const { status, body } = await server.ask(`${IMAGES}/variants`);
    const { variants } = body.result as { variants: Record<string, Variant> };

    expect(status).toBe(200);
    expect(Array.isArray(variants)).toBe(false);
    expect(Object.keys(variants)).not.toEqual([]);
    for (const [name, variant] of Object.entries(variants)) {
      expect(variant.id).toBe(name);
      expect(variant.options).toBeTypeOf('object');
      expect(variant.neverRequireSignedURLs).toBeTypeOf('boolean');
    }
  });

  it('are the last segments of every image`s delivery URLs', async () => {
    await using server = await startEmulator({ images: 300 });
    server.account.upload({ id: 'équipe/own 100%' });
    const { body } = await server.ask(`${IMAGES}/variants`);
    const names = Object.keys((body.result as { variants: object }).variants);

    for (const image of await server.list()) {
      const urls = (image['variants'] as string[]).map((url) => new URL(url));
      expect(urls.map(({ pathname }) => pathname.split('/').at(-1))).toEqual(names);
      for (const { pathname } of urls) expect(decodeURI(pathname)).toContain(`/${image.id}/`);
    }
  });
});
