import { describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  BEARER,
  idsOf,
  imagePath,
  imagesOf,
  IMAGES,
  refusalOf,
  startEmulator,
} from '../support/emulator.ts';

const TWO = [
  { id: 'one', images: 20, seed: 1 },
  { id: 'two', images: 30, seed: 2 },
];

describe('an account', () => {
  it.each(['/accounts/nobody/images/v1', '/accounts//images/v1', '/accounts/nobody/images/v1/id'])(
    'that is not there is 404 with code 7003: %s',
    async (path) => {
      await using server = await startEmulator();

      expect(refusalOf(await server.ask(path))).toBe('404 7003');
    },
  );

  it('without Images is refused with code 5403, whatever is asked for', async () => {
    await using server = await startEmulator({ isEnabled: false });

    for (const path of [IMAGES, `${IMAGES}/stats`, `${IMAGES}/variants`, imagePath('any')]) {
      expect(refusalOf(await server.ask(path))).toBe('403 5403');
    }
  });

  it('can lose Images while somebody lists it, and get them back', async () => {
    await using server = await startEmulator();
    server.account.isEnabled = false;
    expect(refusalOf(await server.ask(`${IMAGES}?page=2&per_page=10`))).toBe('403 5403');

    server.account.isEnabled = true;
    expect(await server.list('page=2&per_page=10')).toHaveLength(10);
  });

  it('shares no image with its neighbour', async () => {
    await using server = await startEmulator({}, { accounts: TWO });
    const listOf = async (id: string) => imagesOf(await server.ask(`/accounts/${id}/images/v1`));
    server.emulator.account('one').upload({ id: 'mine' });

    expect(await listOf('one')).toHaveLength(21);
    expect(idsOf(await listOf('one'))).toContain('mine');
    expect(await listOf('two')).toHaveLength(30);
    expect(idsOf(await listOf('two'))).not.toContain('mine');
    expect(() => server.emulator.account('three')).toThrow(RangeError);
  });
});

describe('an address', () => {
  it.each([
    `/accounts/${ACCOUNT}`,
    `/accounts/${ACCOUNT}/images`,
    `/accounts/${ACCOUNT}/images/v3`,
    `/accounts/${ACCOUNT}/images/v10`,
    `/accounts/${ACCOUNT}/images/v1x`,
    '/zones',
    '/',
  ])('that leads nowhere is 404 with code 7003: %s', async (path) => {
    await using server = await startEmulator();

    expect(refusalOf(await server.ask(path))).toBe('404 7003');
  });

  it('outside the base path leads nowhere', async () => {
    await using server = await startEmulator();
    const { origin } = new URL(server.baseUrl);

    for (const path of [IMAGES, `/client/v5${IMAGES}`, `/client/v44${IMAGES}`]) {
      expect((await fetch(origin + path, { headers: BEARER })).status).toBe(404);
    }
  });

  it('takes only the methods that it has', async () => {
    await using server = await startEmulator();

    expect((await server.ask(IMAGES, { method: 'DELETE' })).status).toBe(405);
    expect((await server.ask(imagePath('any'), { method: 'PUT' })).status).toBe(405);
    expect(server.account.size).toBe(30);
  });
});
