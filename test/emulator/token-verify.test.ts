import { describe, expect, it } from 'vitest';
import { ACCOUNT, refusalOf, startEmulator } from '../support/emulator.ts';

describe.each(['/user/tokens/verify', `/accounts/${ACCOUNT}/tokens/verify`])('%s', (path) => {
  it('says that the right token is active', async () => {
    await using server = await startEmulator();
    const { status, body } = await server.ask(path);

    expect(status).toBe(200);
    expect(body.success).toBe(true);
    expect(body.result).toMatchObject({ status: 'active' });
    expect((body.result as { id: unknown }).id).toBeTypeOf('string');
  });

  // 10000 is the code of refused credentials too: a client that looks for it anywhere errs here.
  it('carries code 10000 in the messages of its success, and no error', async () => {
    await using server = await startEmulator();
    const { body } = await server.ask(path);

    expect(body.messages.map(({ code }) => code)).toEqual([10000]);
    expect(body.errors).toEqual([]);
  });

  it('refuses a wrong token with code 10000 in the errors', async () => {
    await using server = await startEmulator();
    const answer = await server.ask(path, { headers: { authorization: 'Bearer wrong' } });

    expect(refusalOf(answer)).toBe('401 10000');
    expect(answer.body).toMatchObject({ success: false, messages: [] });
  });

  it('can only be read', async () => {
    await using server = await startEmulator();

    expect(refusalOf(await server.ask(path, { method: 'POST' }))).toBe('404 7003');
  });
});

it('knows no token of an account that is not there', async () => {
  await using server = await startEmulator();

  expect(refusalOf(await server.ask('/accounts/nobody/tokens/verify'))).toBe('404 7003');
});

it('verifies a token of an account without Images', async () => {
  await using server = await startEmulator({ isEnabled: false });

  expect((await server.ask(`/accounts/${ACCOUNT}/tokens/verify`)).status).toBe(200);
});
