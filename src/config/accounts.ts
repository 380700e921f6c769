import type { Credentials } from '../inventory/credentials.ts';
import { Failure } from '../inventory/failure.ts';
import { printable } from '../inventory/printable.ts';
import { secretVariable, variable, type Environment } from './environment.ts';

/**
 * Cloudflare's are 32 hexadecimal digits; whether one exists only the API can tell. Every kind of
 * token and key is longer, so that one in the wrong place is noticed before it is sent or logged.
 */
export const ACCOUNT_ID = /^[A-Za-z0-9_-]{1,32}$/;

/** What is wrong with a text that is no account id. One that may be a secret is not shown. */
export function wrongAccountId(text: string): string {
  return text.length > 32
    ? `is ${text.length} characters long: must be an account id, of at most 32 letters and digits`
    : `is "${printable(text)}": must be an account id, of letters and digits`;
}

/** An account as the configuration file describes it. */
export interface AccountEntry {
  readonly id: string;
  readonly name?: string | undefined;
  readonly tokenVariable?: string | undefined;
  readonly emailVariable?: string | undefined;
  readonly keyVariable?: string | undefined;
}

/** An account to read, and what to read it with. */
export interface Account {
  readonly id: string;
  readonly name: string | undefined;
  readonly credentials: Credentials;
  /** The variable that its token is read from; `undefined` if it may have none. */
  readonly tokenVariable: string | undefined;
}

/**
 * The ids of the configured accounts: those of `--account`, else of `CLOUDFLARE_ACCOUNT_ID`, else of
 * the file. May be none.
 */
export function accountIds(
  env: Environment,
  entries: readonly AccountEntry[],
  chosen: readonly string[],
): readonly string[] {
  const ids = chosen.length > 0 ? chosen : (idsFromEnvironment(env) ?? entries.map(({ id }) => id));
  const source = chosen.length > 0 ? '--account' : 'CLOUDFLARE_ACCOUNT_ID';
  const wrong = ids.find((id) => !ACCOUNT_ID.test(id));
  if (wrong !== undefined) {
    throw new Failure('CONFIG_INVALID', `${source} ${wrongAccountId(wrong)}`, {
      hint: 'It is in the dashboard\'s address, after "dash.cloudflare.com/".',
    });
  }
  return [...new Set(ids)];
}

function idsFromEnvironment(env: Environment): readonly string[] | undefined {
  return variable(env, 'CLOUDFLARE_ACCOUNT_ID')
    ?.split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
}

/**
 * The configured accounts with their credentials.
 *
 * @throws Failure `CONFIG_INVALID` if there is no account, one that is unknown to a file that describes accounts, or one
 *   without credentials or with both kinds.
 */
export function resolveAccounts(
  env: Environment,
  entries: readonly AccountEntry[],
  chosen: readonly string[],
): readonly Account[] {
  const ids = accountIds(env, entries, chosen);
  if (ids.length === 0) {
    throw new Failure('CONFIG_INVALID', 'no account is configured', {
      hint: 'Set CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN. "image-inventory doctor" tells where to find both; "npm run demo" needs neither.',
    });
  }
  refuseStrangers(env, entries, chosen);
  return ids.map((id) => {
    const entry = entries.find((candidate) => candidate.id === id) ?? { id };
    const names = variablesOf(entry);
    const credentials = credentialsOf(env, id, names);
    return { id, name: entry.name, credentials, tokenVariable: names.token };
  });
}

/** A misspelt id would otherwise be read with the common credentials, as if no file described the account. */
function refuseStrangers(
  env: Environment,
  entries: readonly AccountEntry[],
  chosen: readonly string[],
): void {
  const known = [...entries.map(({ id }) => id), ...(idsFromEnvironment(env) ?? [])];
  const stranger = chosen.find((id) => !known.includes(id));
  if (entries.length === 0 || stranger === undefined) return;
  const message = `--account ${stranger} is not among the configured accounts: ${[...new Set(known)].join(', ')}`;
  throw new Failure('CONFIG_INVALID', message, {
    hint: 'Correct it, or add the account to "accounts" in the configuration file.',
  });
}

/** The variables that an account's credentials are read from. */
interface Variables {
  readonly token?: string | undefined;
  readonly email?: string | undefined;
  readonly key?: string | undefined;
}

const COMMON: Variables = {
  token: 'CLOUDFLARE_API_TOKEN',
  email: 'CLOUDFLARE_EMAIL',
  key: 'CLOUDFLARE_API_KEY',
};

/** An account that names a variable of its own uses no others, but for the other half of a pair. */
function variablesOf(entry: AccountEntry): Variables {
  const { tokenVariable: token, emailVariable: email, keyVariable: key } = entry;
  if (email !== undefined || key !== undefined) {
    return { token, email: email ?? COMMON.email, key: key ?? COMMON.key };
  }
  return token === undefined ? COMMON : { token };
}

function credentialsOf(env: Environment, accountId: string, names: Variables): Credentials {
  const token = secretVariable(env, names.token);
  const email = secretVariable(env, names.email);
  const key = secretVariable(env, names.key);
  if (token !== undefined && (email !== undefined || key !== undefined)) {
    throw new Failure(
      'CONFIG_INVALID',
      `both kinds of credentials are set: ${names.token}, and ${listOf(names.email, names.key)}`,
      { hint: 'Keep the token, which can be limited to reading images, and unset the other.' },
    );
  }
  if (token !== undefined) return { kind: 'token', token };
  if (email !== undefined && key !== undefined) return { kind: 'key', email, key };
  if (email !== undefined) throw half(names.email, names.key, names.token);
  if (key !== undefined) throw half(names.key, names.email, names.token);
  const wanted = names.token ?? listOf(names.email, names.key);
  throw new Failure('CONFIG_INVALID', `no credentials are set for account ${accountId}`, {
    hint: `Set ${wanted}; a token needs the permission "Cloudflare Images: Read".`,
  });
}

/** Half a pair is set. The token cannot simply be set beside it: that would be both kinds. */
function half(set = '', unset = '', token?: string): Failure {
  const instead = token === undefined ? '' : `, or unset ${set} and set ${token}`;
  return new Failure('CONFIG_INVALID', `${set} is set, but ${unset} is not`, {
    hint: `Set ${unset} too${instead}.`,
  });
}

function listOf(...names: (string | undefined)[]): string {
  return names.filter((name) => name !== undefined).join(' and ');
}
