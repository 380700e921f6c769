import { describe, expect, it } from 'vitest';
import { IMAGES, refusalOf, startEmulator } from '../support/emulator.ts';

const EMAIL = 'emulated@example.test';
const KEY = 'emulated-key';

describe('credentials', () => {
  it.each([
    ['a token', { authorization: 'Bearer emulated-token' }],
    ['a key with its e-mail address', { 'x-auth-email': EMAIL, 'x-auth-key': KEY }],
  ])('can be %s', async (_, headers) => {
    await using server = await startEmulator();

    expect((await server.ask(IMAGES, { headers })).status).toBe(200);
  });

  it.each<[string, string, Record<string, string>]>([
    ['none at all', '401 10000', {}],
    ['a wrong token', '401 10000', { authorization: 'Bearer emulated-token2' }],
    ['a token without its scheme', '400 6003', { authorization: 'emulated-token' }],
    ['a token of another scheme', '400 6003', { authorization: 'Token emulated-token' }],
    ['two tokens in one header', '400 6003', { authorization: 'Bearer emulated-token x' }],
    ['a scheme without a token', '400 6003', { authorization: 'Bearer' }],
    ['an e-mail address without a key', '400 9106', { 'x-auth-email': EMAIL }],
    ['a key without an e-mail address', '400 9106', { 'x-auth-key': KEY }],
    ['a wrong key', '403 9103', { 'x-auth-email': EMAIL, 'x-auth-key': 'wrong' }],
    ['a wrong e-mail address', '403 9103', { 'x-auth-email': 'x@y.test', 'x-auth-key': KEY }],
  ])('that are %s are refused with %s', async (_, refusal, headers) => {
    await using server = await startEmulator();
    const answer = await server.ask(IMAGES, { headers });

    expect(refusalOf(answer)).toBe(refusal);
    expect(answer.body).toMatchObject({ success: false, messages: [], result: null });
  });

  it('are looked at before anything else, so that a stranger learns nothing', async () => {
    await using server = await startEmulator();

    for (const path of ['/accounts/nobody/images/v1', `${IMAGES}/none`, `${IMAGES}?page=0`]) {
      expect(refusalOf(await server.ask(path, { headers: {} }))).toBe('401 10000');
    }
  });

  it('change nothing when they are wrong', async () => {
    await using server = await startEmulator({ images: 10 });
    const [image] = server.account.all();
    await server.ask(`${IMAGES}/${encodeURIComponent(image?.id ?? '')}`, {
      method: 'DELETE',
      headers: { authorization: 'Bearer wrong' },
    });

    expect(server.account.size).toBe(10);
  });

  it('can be named by the test, one by one', async () => {
    await using server = await startEmulator({}, { credentials: { token: 'mine' } });
    const status = async (headers: Record<string, string>) =>
      (await server.ask(IMAGES, { headers })).status;

    expect(await status({ authorization: 'Bearer mine' })).toBe(200);
    expect(await status({ authorization: 'Bearer emulated-token' })).toBe(401);
    expect(await status({ 'x-auth-email': EMAIL, 'x-auth-key': KEY })).toBe(200);
  });
});
