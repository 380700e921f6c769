import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { EmulatedAccount } from '../../src/emulator/account.ts';
import { BEARER, idsOf, type Envelope } from '../support/emulator.ts';
import { ACCOUNT, run, start } from '../support/program.ts';

interface Served {
  /** Asks for a path below the account. */
  readonly ask: (path: string) => Promise<{ status: number; result: unknown }>;
  /** Ends the program. @returns Its exit code. */
  readonly stop: () => Promise<number | null>;
}

/** Runs `emulate` on any free port; it says which. */
async function emulate(...options: string[]): Promise<Served> {
  const { child, finished } = start(['emulate', '--port', '0', '--images', '30', ...options]);
  let told = '';
  while (!told.includes('CLOUDFLARE_API_TOKEN')) {
    if (child.stdout === null) throw new Error('no output');
    const [text] = (await once(child.stdout, 'data')) as [string];
    told += text;
  }
  const baseUrl = /CLOUDFLARE_BASE_URL=(\S+)/.exec(told)?.[1] ?? '';
  return {
    ask: async (path) => {
      const response = await fetch(`${baseUrl}/accounts/${ACCOUNT}/${path}`, { headers: BEARER });
      const { result } = (await response.json()) as Envelope;
      return { status: response.status, result };
    },
    stop: async () => {
      child.kill('SIGTERM');
      return (await finished).code;
    },
  };
}

const newestFirst = new EmulatedAccount({ id: ACCOUNT, images: 30, seed: 1 }).all();

describe('emulate', () => {
  test('serves both lists, the newest image first', async () => {
    const { ask, stop } = await emulate();

    expect((await ask('images/v1')).result).toEqual({ images: newestFirst });
    expect((await ask('images/v2')).result).toEqual({
      images: newestFirst,
      continuation_token: null,
    });
    expect(await stop()).toBe(143);
  });

  test('--list-order and --stats-shift', async () => {
    const { ask } = await emulate('--list-order', 'oldest', '--stats-shift', '-5');
    const { images } = (await ask('images/v1')).result as { images: typeof newestFirst };

    expect(idsOf(images)).toEqual(idsOf(newestFirst).toReversed());
    expect((await ask('images/v1/stats')).result).toMatchObject({ count: { current: 25 } });
  });

  test('--v1-gone', async () => {
    const { ask } = await emulate('--v1-gone');

    expect((await ask('images/v1')).status).toBe(410);
    expect((await ask('images/v1/stats')).status).toBe(200);
    expect((await ask('images/v2')).status).toBe(200);
  });

  test.for([
    ['--list-order', 'random'],
    ['--stats-shift', '1.5'],
    ['--stats-shift', '--v1-gone'],
    ['--images', '-1'],
  ])('refuses %s %s', async ([option = '', value = '']) => {
    const { code, stderr } = await run(['emulate', '--port', '0', option, value]);

    expect(code).toBe(2);
    expect(stderr).toContain(option);
  });
});
