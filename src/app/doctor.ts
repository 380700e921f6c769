import { probeList, verifyToken } from '../cloudflare/probe.ts';
import type { ApiClient } from '../cloudflare/client.ts';
import type { Account } from '../config/accounts.ts';
import type { Config } from '../config/load.ts';
import { asFailure, Failure, type FailureCode } from '../inventory/failure.ts';
import { inspectDatabase } from '../store/inspect.ts';
import type { Clock, Limits } from '../sync/ports.ts';
import { Connections } from './connect.ts';
import { requireSupported } from './sync-accounts.ts';

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
const PATIENCE_S = 30;

/** Where a beginner gets what is missing. */
const WHERE = {
  account:
    'Open dash.cloudflare.com: the account id is the 32 characters in the address after "dash.cloudflare.com/". export CLOUDFLARE_ACCOUNT_ID=…',
  token:
    'In the dashboard: My Profile (or Manage Account) → API Tokens → Create Token → Custom token; permission Account · Cloudflare Images · Read; this account only. export CLOUDFLARE_API_TOKEN=…',
} as const;

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
    requireSupported(config.settings);
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
    const where = config.accountIds.length === 0 ? `${WHERE.account} ${WHERE.token}` : WHERE.token;
    return [...checks, { ...finding, mend: `${finding.mend ?? ''} ${where}`.trim() }];
  }
  checks.push({ name: 'credentials', result: 'ok', detail: describeKinds(accounts) });

  const connections = new Connections(config.settings, clock);
  const limits = { signal, deadlineAt: clock.now() + patienceMs(config) };
  try {
    for (const account of accounts) {
      const { client } = connections.open(account, () => undefined, 1);
      checks.push(...(await checkAccount(client, account, limits)));
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

/** A person waits for the answer. */
function patienceMs({ settings }: Config): number {
  const deadline = settings['api.deadlineSeconds'];
  return 1000 * Math.min(PATIENCE_S, deadline === 0 ? PATIENCE_S : deadline);
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

async function checkAccount(
  client: ApiClient,
  account: Account,
  limits: Limits,
): Promise<readonly Check[]> {
  const reach = 'reach';
  const permission = `account ${account.name ?? account.id}`;
  const checks: Check[] = [];
  if (account.credentials.kind === 'token') {
    const verified = await checkToken(client, account, limits);
    checks.push(verified);
    if (verified.code === 'UNREACHABLE') {
      const detail = 'the API was not reached';
      return [
        { ...verified, name: reach },
        { name: permission, result: 'skipped', detail },
      ];
    }
  }
  try {
    const shown = await probeList(client, account.id, limits);
    const detail = shown === 0 ? 'may be read; it holds no images' : 'its images may be read';
    checks.push({ name: permission, result: 'ok', detail });
  } catch (error) {
    checks.push(failed(permission, error));
  }
  return checks;
}

async function checkToken(client: ApiClient, account: Account, limits: Limits): Promise<Check> {
  const name = 'token';
  try {
    const { status, expiresOn } = await verifyToken(client, account.id, limits);
    if (status !== 'active') {
      throw new Failure('ACCESS_REFUSED', `the token is ${status}`, { hint: WHERE.token });
    }
    const detail = expiresOn === undefined ? 'active' : `active until ${expiresOn}`;
    return { name, result: 'ok', detail };
  } catch (error) {
    const finding = failed(name, error);
    return finding.code === 'ACCESS_REFUSED' ? { ...finding, mend: WHERE.token } : finding;
  }
}

function failed(name: string, error: unknown): Check {
  const { code, message, hint } = asFailure(error);
  return { name, result: 'failed', detail: message, mend: hint, code };
}
