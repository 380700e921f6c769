import { Failure, type FailureCode } from '../inventory/failure.ts';
import { isObject } from '../inventory/json-text.ts';
import type { Limits } from '../sync/ports/clock.ts';
import type { Memory } from '../sync/ports/pages.ts';
import type { ApiClient } from './client.ts';
import { createImagesApi, type ListVersion } from './images-api.ts';
import type { PageReader } from './page-content.ts';

/** What the API says of a token. Its dates are ISO 8601, where it has any. */
export interface TokenState {
  readonly status: string;
  readonly expiresOn: string | undefined;
}

const REFUSALS: ReadonlySet<FailureCode> = new Set(['ACCESS_REFUSED', 'ROUTE_REFUSED']);

/**
 * Asks whether a token is good. There are tokens of users and tokens of accounts, and each kind has
 * its own address. Source: Cloudflare's API reference, "Verify Token".
 */
export async function verifyToken(
  client: ApiClient,
  accountId: string,
  limits: Limits,
): Promise<TokenState> {
  try {
    return await ask(client, '/user/tokens/verify', limits);
  } catch (error) {
    if (!(error instanceof Failure) || !REFUSALS.has(error.code)) throw error;
    return ask(client, `/accounts/${encodeURIComponent(accountId)}/tokens/verify`, limits);
  }
}

async function ask(client: ApiClient, path: string, limits: Limits): Promise<TokenState> {
  const reply = await client.get('the token', path, { read: readState }, limits);
  if (reply === undefined) throw new Failure('BAD_ANSWER', 'the API did not know the address');
  return reply.value;
}

function readState(result: unknown): TokenState {
  const { status, expires_on: expiresOn } = isObject(result) ? result : {};
  if (typeof status !== 'string')
    throw new Failure('BAD_ANSWER', 'the answer names no token status');
  const isState = /^[a-z]{1,20}$/.test(status);
  const isDate = typeof expiresOn === 'string' && !Number.isNaN(Date.parse(expiresOn));
  return {
    status: isState ? status : 'in no known state',
    expiresOn: isDate ? new Date(expiresOn).toISOString() : undefined,
  };
}

/** Of an account that nothing is remembered of. */
const NO_MEMORY: Memory = {
  page: () => undefined,
  recognize: ({ length }) => new Uint32Array(length),
};

/** Asks for the start of an account's list, to see whether it may be read. @returns The images shown. */
export async function probeList(
  client: ApiClient,
  accountId: string,
  version: ListVersion,
  reader: PageReader,
  limits: Limits,
): Promise<number> {
  const api = createImagesApi(client, accountId, version, reader);
  // The v2 list of an account without Images has been seen to be empty; the statistics tell.
  if (version === 'v2') await api.count(limits);
  const { count } = await api.page({ list: 0, number: 1 }, 'per_page=10', limits, NO_MEMORY);
  return count;
}
