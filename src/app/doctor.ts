import { probeList, verifyToken } from '../cloudflare/probe.ts';
import type { ApiClient } from '../cloudflare/client.ts';
import type { ListVersion } from '../cloudflare/images-api.ts';
import type { PageReader } from '../cloudflare/page-content.ts';
import type { Account } from '../config/accounts.ts';
import type { Config } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { asFailure, Failure, type FailureCode } from '../inventory/failure.ts';
import { inspectDatabase } from '../store/inspect.ts';
import type { Clock, Limits } from '../sync/ports/clock.ts';
import { Connections } from './connect.ts';
import { planOf } from './orders.ts';

/** What one check came to. */
export interface Check {
  readonly name: string;
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was found, as a phrase. */
  readonly detail: string;
  /** How to mend it. */
  readonly mend?: string | undefined;
  readonly code?: FailureCode;
}

/** How long the network is waited for, in seconds. */
const PATIENCE_S = 15;

/** Where a beginner gets what is missing. */
const WHERE = {
  account:
    'Open dash.cloudflare.com: the account id is the 32 characters in the address after "dash.cloudflare.com/". export CLOUDFLARE_ACCOUNT_ID=…',
  token:
    'In the dashboard: My Profile (or Manage Account) → API Tokens → Create Token → Custom token; permission Account · Cloudflare Images · Read; this account only.',
} as const;

const COMMON_TOKEN = 'CLOUDFLARE_API_TOKEN';

/** @param variable - What the token is read from. */
function whereToken(variable: string): string {
  return `${WHERE.token} export ${variable}=…`;
}

/**
 * Checks one thing after the other, from the configuration to the list itself. A check that cannot
 * be made because an earlier one failed is skipped, and says so.
 *
 * @param load - Reads the configuration; what it throws is the first finding.
 */
export async function examine(
  load: () => Config,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  let config: Config;
  try {
    config = load();
    planOf(config.settings, []);
    config.webhook();
  } catch (error) {
    return [failed('configuration', error)];
  }
  const checks: Check[] = [
    { name: 'configuration', result: 'ok', detail: 'every setting is valid' },
  ];
  checks.push(checkDatabase(config));
  let accounts: readonly Account[];
  try {
    accounts = config.accounts();
  } catch (error) {
    const finding = failed('credentials', error);
    const where =
      config.accountIds.length === 0 ? `${WHERE.account} ${whereToken(COMMON_TOKEN)}` : WHERE.token;
    return [...checks, { ...finding, mend: `${finding.mend ?? ''} ${where}`.trim() }];
  }
  checks.push({ name: 'credentials', result: 'ok', detail: describeKinds(accounts) });

  const connections = new Connections(impatient(config.settings), clock);
  try {
    for (const account of accounts) {
      await using connection = connections.open(account, () => undefined, 1);
      const { client, reader } = connection;
      const list = { client, reader, account, version: config.settings['api.version'] };
      checks.push(...(await checkAccount(list, impatience(clock, signal))));
    }
  } finally {
    await connections.close();
  }
  return checks;
}

function describeKinds(accounts: readonly Account[]): string {
  const tokens = accounts.filter(({ credentials }) => credentials.kind === 'token').length;
  const kinds = [
    tokens > 0 && `an API token for ${tokens} account(s)`,
    tokens < accounts.length && `e-mail and API key for ${accounts.length - tokens} account(s)`,
  ];
  return kinds.filter((kind) => kind !== false).join(', ');
}

/** Ends one account's checks when a person would. */
function impatience(clock: Clock, signal: AbortSignal): Limits {
  const ms = 1000 * PATIENCE_S;
  const patience = new AbortController();
  const timer = setTimeout(() => {
    patience.abort(new Failure('UNREACHABLE', `no answer within ${PATIENCE_S} s`));
  }, ms);
  timer.unref();
  return { signal: AbortSignal.any([signal, patience.signal]), deadlineAt: clock.elapsed() + ms };
}

/** The same settings for somebody who waits for the answer. */
function impatient(settings: Settings): Settings {
  const timeout = Math.min(PATIENCE_S, settings['api.timeoutSeconds']);
  return { ...settings, 'api.timeoutSeconds': timeout };
}

function checkDatabase(config: Config): Check {
  const name = 'database';
  try {
    const { path, content } = inspectDatabase(config.settings.database);
    const size =
      content && `${(content.bytes / 1e6).toFixed(1)} MB, ${content.accounts} account(s)`;
    return { name, result: 'ok', detail: `${path}: ${size ?? 'not there yet, can be created'}` };
  } catch (error) {
    return failed(name, error);
  }
}

/** A list whose right to be read is checked. */
interface ListToRead {
  readonly client: ApiClient;
  readonly reader: PageReader;
  readonly account: Account;
  readonly version: ListVersion;
}

async function checkAccount(list: ListToRead, limits: Limits): Promise<readonly Check[]> {
  const { client, account } = list;
  const name = `account ${account.name ?? account.id}`;
  if (account.credentials.kind === 'key') return [await checkList(name, list, limits)];
  const token = await checkToken(client, account, limits);
  if (token.code === 'UNREACHABLE') {
    const detail = 'the API was not reached';
    return [
      { ...token, name: 'reach' },
      { name, result: 'skipped', detail },
    ];
  }
  const read = await checkList(name, list, limits);
  return [read.result === 'ok' ? excused(token) : token, read];
}

/** A token that reads the list is good enough, even where it may not verify itself. */
function excused({ name, result, detail }: Check): Check {
  if (result === 'ok') return { name, result, detail };
  return { name, result: 'warning', detail: `not verified (${detail}), yet it reads the list` };
}

async function checkList(
  name: string,
  { client, reader, account, version }: ListToRead,
  limits: Limits,
): Promise<Check> {
  try {
    const shown = await probeList(client, account.id, version, reader, limits);
    const detail = shown === 0 ? 'may be read; it holds no images' : 'its images may be read';
    return { name, result: 'ok', detail };
  } catch (error) {
    return failed(name, error);
  }
}

async function checkToken(client: ApiClient, account: Account, limits: Limits): Promise<Check> {
  const name = `token of ${account.name ?? account.id}`;
  const where = whereToken(account.tokenVariable ?? COMMON_TOKEN);
  try {
    const { status, expiresOn } = await verifyToken(client, account.id, limits);
    if (status !== 'active') {
      throw new Failure('ACCESS_REFUSED', `the token is ${status}`, { hint: where });
    }
    const detail = expiresOn === undefined ? 'active' : `active until ${expiresOn}`;
    return { name, result: 'ok', detail };
  } catch (error) {
    const finding = failed(name, error);
    return finding.code === 'ACCESS_REFUSED' ? { ...finding, mend: where } : finding;
  }
}

function failed(name: string, error: unknown): Check {
  const { code, message, hint } = asFailure(error);
  return { name, result: 'failed', detail: message, mend: hint, code };
}
