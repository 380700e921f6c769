import { describe, expect } from 'vitest';
import type { Account } from '../../src/config/accounts.ts';
import type { Environment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import { failureOf } from '../inventory/failure-of.ts';
import { it, type ConfigDirectory } from './config-directory.ts';

const TOKEN = { CLOUDFLARE_API_TOKEN: 'common-token' };
const PAIR = { CLOUDFLARE_EMAIL: 'ann@example.com', CLOUDFLARE_API_KEY: 'common-key' };

/** The accounts that a file with these entries and this environment give. */
function accounts(
  directory: ConfigDirectory,
  entries: readonly object[],
  env: Environment,
  chosen?: readonly string[],
): readonly Account[] {
  const config = directory.config({ accounts: entries });
  return loadConfig({ config, account: chosen }, env).accounts();
}

/** An account's credentials in clear. */
function revealed({ credentials }: Account): string[] {
  return credentials.kind === 'token'
    ? [credentials.token.reveal()]
    : [credentials.email.reveal(), credentials.key.reveal()];
}

describe('the accounts', () => {
  it('are those of the file', ({ directory }) => {
    const found = accounts(directory, [{ id: 'a', name: 'Shop' }, { id: 'b' }], TOKEN);
    expect(found.map(({ id, name }) => [id, name])).toEqual([
      ['a', 'Shop'],
      ['b', undefined],
    ]);
    expect(found.map(revealed)).toEqual([['common-token'], ['common-token']]);
  });

  it('are those of CLOUDFLARE_ACCOUNT_ID before those of the file', ({ directory }) => {
    const env = { ...TOKEN, CLOUDFLARE_ACCOUNT_ID: ' b, c ,,b' };
    const found = accounts(directory, [{ id: 'a' }, { id: 'b', name: 'Blog' }], env);
    expect(found.map(({ id, name }) => [id, name])).toEqual([
      ['b', 'Blog'],
      ['c', undefined],
    ]);
  });

  it('are those of --account before all else', ({ directory }) => {
    const env = { ...TOKEN, CLOUDFLARE_ACCOUNT_ID: 'a' };
    const entries = [{ id: 'a' }, { id: 'b', tokenVariable: 'B_TOKEN' }];
    const found = accounts(directory, entries, { ...env, B_TOKEN: 'b-token' }, ['b']);
    expect(found.map(({ id }) => id)).toEqual(['b']);
    expect(found.map(revealed)).toEqual([['b-token']]);
  });

  it('are no strangers to a file that describes accounts', ({ directory }) => {
    const entries = [{ id: 'a', tokenVariable: 'A_TOKEN' }, { id: 'b' }];
    const failure = failureOf(() => accounts(directory, entries, TOKEN, ['b', 'bb']));
    expect(failure).toMatchObject({
      code: 'CONFIG_INVALID',
      message: '--account bb is not among the configured accounts: a, b',
    });
    const env = { ...TOKEN, CLOUDFLARE_ACCOUNT_ID: 'c' };
    expect(accounts(directory, entries, env, ['c']).map(({ id }) => id)).toEqual(['c']);
    // Without a file that says otherwise, a flag wins over the environment.
    expect(accounts(directory, [], env, ['d']).map(({ id }) => id)).toEqual(['d']);
    expect(accounts(directory, [], TOKEN, ['d']).map(({ id }) => id)).toEqual(['d']);
  });

  it('may be strangers for what only reads the database', ({ directory }) => {
    const config = directory.config({ accounts: [{ id: 'a' }] });
    expect(loadConfig({ config, account: ['gone'] }, TOKEN).accountIds).toEqual(['gone']);
  });

  it('may be none until they are asked for', ({ directory }) => {
    const config = loadConfig({ config: directory.config({}) }, TOKEN);
    expect(config.accountIds).toEqual([]);
    const failure = failureOf(() => config.accounts());
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', message: 'no account is configured' });
    expect(failure.hint).toContain('CLOUDFLARE_ACCOUNT_ID');
  });

  it('may not have an id that is none', ({ directory }) => {
    const config = directory.config({});
    const failure = failureOf(() => loadConfig({ config }, { CLOUDFLARE_ACCOUNT_ID: 'a,b/../c' }));
    expect(failure.message).toMatch(/^CLOUDFLARE_ACCOUNT_ID is "b\/\.\.\/c": must be /);
    const flagged = failureOf(() => loadConfig({ config, account: ['a b'] }, {}));
    expect(flagged.message).toMatch(/^--account is "a b": must be /);
    expect(flagged.hint).toContain('dash.cloudflare.com');
  });
});

describe('the credentials of an account', () => {
  it('are the e-mail and the key when there is no token', ({ directory }) => {
    expect(accounts(directory, [{ id: 'a' }], PAIR).map(revealed)).toEqual([
      ['ann@example.com', 'common-key'],
    ]);
  });

  it('come from the variables that it names, and from no others', ({ directory }) => {
    const entries = [
      { id: 'a', tokenVariable: 'A_TOKEN' },
      { id: 'b', emailVariable: 'B_EMAIL', keyVariable: 'B_KEY' },
      { id: 'c' },
    ];
    const own = { A_TOKEN: 'a-token', B_EMAIL: 'b@example.com', B_KEY: 'b-key' };
    expect(accounts(directory, entries, { ...own, ...TOKEN }).map(revealed)).toEqual([
      ['a-token'],
      ['b@example.com', 'b-key'],
      ['common-token'],
    ]);
    const failure = failureOf(() => accounts(directory, entries, TOKEN));
    expect(failure.message).toBe('no credentials are set for account a');
    expect(failure.hint).toContain('Set A_TOKEN');
  });

  it('take the common e-mail when only the key has a variable of its own', ({ directory }) => {
    const env = { ...PAIR, A_KEY: 'a-key' };
    expect(accounts(directory, [{ id: 'a', keyVariable: 'A_KEY' }], env).map(revealed)).toEqual([
      ['ann@example.com', 'a-key'],
    ]);
  });

  it('may not be of both kinds, nor of one and a half', ({ directory }) => {
    const { CLOUDFLARE_EMAIL, CLOUDFLARE_API_KEY } = PAIR;
    for (const part of [PAIR, { CLOUDFLARE_EMAIL }, { CLOUDFLARE_API_KEY }]) {
      const failure = failureOf(() => accounts(directory, [{ id: 'a' }], { ...TOKEN, ...part }));
      expect(failure.code).toBe('CONFIG_INVALID');
      expect(failure.message).toMatch(/^both kinds of credentials are set: CLOUDFLARE_API_TOKEN/);
      expect(failure.hint).toContain('Keep the token');
    }
  });

  it.for([
    ['CLOUDFLARE_EMAIL', 'CLOUDFLARE_API_KEY'],
    ['CLOUDFLARE_API_KEY', 'CLOUDFLARE_EMAIL'],
  ] as const)('may not be half a pair: %s', ([set, unset], { directory }) => {
    const failure = failureOf(() => accounts(directory, [{ id: 'a' }], { [set]: PAIR[set] }));
    expect(failure.code).toBe('CONFIG_INVALID');
    expect(failure.message).toBe(`${set} is set, but ${unset} is not`);
    // Setting the token as well would only lead to the next error.
    expect(failure.hint).toBe(`Set ${unset} too, or unset ${set} and set CLOUDFLARE_API_TOKEN.`);
  });

  it('are looked for in every account', ({ directory }) => {
    const entries = [{ id: 'a' }, { id: 'b', tokenVariable: 'B_TOKEN' }];
    const failure = failureOf(() => accounts(directory, entries, TOKEN));
    expect(failure.message).toBe('no credentials are set for account b');
  });
});
