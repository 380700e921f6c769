import { describe, expect, it } from 'vitest';
import { refusalOf, startEmulator } from '../support/emulator.ts';
import { IMAGES_V2, pageV2 } from '../support/list-v2.ts';

describe('the v2 list', () => {
  it.each([
    'per_page=9',
    'per_page=10001',
    'per_page=10.5',
    'per_page=many',
    'per_page=',
    'sort_order=up',
    'sort_order=DESC',
    'sort_order=',
    'meta.album=banner',
    'meta.order[gte]=5',
    'meta.order%5Bgte%5D=5',
  ])('refuses %s with code 5400', async (query) => {
    await using server = await startEmulator();

    expect(refusalOf(await server.ask(`${IMAGES_V2}?${query}`))).toBe('400 5400');
  });

  it.each(['per_page=10', 'per_page=10000', 'sort_order=asc', 'metal=iron'])(
    'takes %s',
    async (query) => {
      await using server = await startEmulator();

      expect((await server.ask(`${IMAGES_V2}?${query}`)).status).toBe(200);
    },
  );

  it.each([
    ['empty', () => ''],
    ['made up', () => 'eyJsYXN0IjoxMH0'],
    ['no base64url', () => 'pâge 2'],
    ['cut', (token: string) => token.slice(0, -1)],
    ['longer', (token: string) => `${token}A`],
    ['altered', (token: string) => token.replace(/^(.{9})./, (_, head: string) => `${head}_`)],
    ['padded', (token: string) => `${token}=`],
  ])('refuses a token that is %s with code 5400', async (_, spoil) => {
    await using server = await startEmulator();
    const { continuation_token: token } = await pageV2(server, 'per_page=10');
    const query = `per_page=10&continuation_token=${encodeURIComponent(spoil(token ?? ''))}`;

    expect(refusalOf(await server.ask(`${IMAGES_V2}?${query}`))).toBe('400 5400');
  });

  it('gives tokens that need no encoding in a URL', async () => {
    await using server = await startEmulator();

    expect((await pageV2(server, 'per_page=10')).continuation_token).toMatch(/^[\w-]+$/);
  });

  it('can only be read', async () => {
    await using server = await startEmulator();

    for (const method of ['POST', 'PATCH', 'DELETE']) {
      expect(refusalOf(await server.ask(IMAGES_V2, { method }))).toBe('405 7001');
    }
    expect(refusalOf(await server.ask(`${IMAGES_V2}/any`))).toBe('404 7003');
  });

  it('asks for credentials, and for an account that is there', async () => {
    await using server = await startEmulator();

    expect(refusalOf(await server.ask(IMAGES_V2, { headers: {} }))).toBe('401 10000');
    expect(refusalOf(await server.ask('/accounts/nobody/images/v2'))).toBe('404 7003');
  });

  it('succeeds on an account without Images, as if it had none', async () => {
    await using server = await startEmulator({ isEnabled: false });

    expect(await pageV2(server)).toEqual({ images: [], continuation_token: null });
  });
});
