import type { Pacer } from '../cloudflare/pace.ts';
import { createSource } from '../cloudflare/source.ts';
import type { Account } from '../config/accounts.ts';
import type { Settings } from '../config/settings.ts';
import { asFailure, Failure } from '../inventory/failure.ts';
import { logEvent } from '../observe/log-events.ts';
import type { Logger } from '../observe/logger.ts';
import type { Emit } from '../sync/events.ts';
import type { Clock, RunMode, Store } from '../sync/ports.ts';
import { runSync, type RunOutcome } from '../sync/run.ts';
import type { Connections } from './connect.ts';
import { modeOf } from './run-mode.ts';
import { VERSION } from './version.ts';

/** What a round of runs needs. */
export interface SyncContext {
  readonly settings: Settings;
  readonly connections: Connections;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A second listener to a run's events, such as a progress line. */
  readonly watch?: (pacer: Pacer) => Emit;
}

export interface SyncOptions {
  readonly mode: RunMode;
  readonly allowMassRemoval: boolean;
  /** Whether a run may go on where an interrupted one stopped. */
  readonly mayResume: boolean;
}

/** One account's outcome; `failure` is set unless its run completed. */
export type AccountOutcome = Omit<RunOutcome, 'runId'> & { readonly accountId: string };

/** Runs every account, one after the other. One that fails does not stop the others; the signal does. */
export async function syncAccounts(
  context: SyncContext,
  accounts: readonly Account[],
  options: SyncOptions,
  signal: AbortSignal,
): Promise<readonly AccountOutcome[]> {
  const outcomes: AccountOutcome[] = [];
  for (const account of accounts) {
    if (signal.aborted) break;
    const outcome = await trySync(context, account, options, signal);
    outcomes.push({ accountId: account.id, ...outcome });
  }
  return outcomes;
}

/** Runs one account. When not even its ledger could be written, nobody else has told what went wrong. */
async function trySync(
  context: SyncContext,
  account: Account,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<Omit<RunOutcome, 'runId'>> {
  try {
    return await syncAccount(context, account, options, signal);
  } catch (error) {
    const failure = asFailure(error);
    const { code, message, hint } = failure;
    const fields = { account_id: account.id, error_code: code, error_message: message, hint };
    context.logger.error({ event: 'sync.failed', ...fields }, `failed: ${message}`);
    return { failure, counts: undefined };
  }
}

async function syncAccount(
  context: SyncContext,
  account: Account,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const { settings, connections, store, clock, logger, watch } = context;
  // The network's events come before and between the run's own; they belong to the run under way.
  let emit: Emit = () => undefined;
  const { client, pacer } = connections.open(account, (event) => emit(event));
  const creators = settings['api.creators'];
  const mode = modeOf(options.mode, store, account.id, creators);
  if (mode !== options.mode) {
    const msg = `${mode} run instead of a ${options.mode} one: there is no complete full run yet that it could add to`;
    logger.info({ event: 'sync.promoted', account_id: account.id, mode }, msg);
  }
  const source = createSource({
    client,
    accountId: account.id,
    version: settings['api.version'],
    perPage: settings['api.perPage'],
    creators,
    concurrency: settings['rateLimit.concurrency'],
  });
  const onlooker = watch?.(pacer);
  const emitFor = (runId: number): Emit => {
    const labels = { account_id: account.id, run_id: runId };
    emit = (event) => {
      onlooker?.(event);
      logEvent(logger, labels, event);
    };
    return emit;
  };

  return runSync(
    { source, store, clock, emitFor, random: Math.random },
    {
      accountId: account.id,
      mode,
      api: mode === 'quick' ? 'v2' : settings['api.version'],
      creators,
      toolVersion: VERSION,
      scope: JSON.stringify([settings['api.baseUrl'], settings['api.perPage']]),
      mayResume: options.mayResume,
      removal: {
        maxFraction: settings['removal.maxFraction'],
        maxCount: settings['removal.maxCount'],
        confirmRequests: settings['removal.confirmRequests'],
        allowMassRemoval: options.allowMassRemoval,
      },
      deadlineMs: settings['api.deadlineSeconds'] * 1000,
      maxChangeEvents: settings['log.changes'],
    },
    signal,
  );
}

/** Refuses what the daemon will one day do, rather than ignore it. */
export function requireSupportedByDaemon(settings: Settings): void {
  const unsupported = (['schedule.quick', 'http.port'] as const).find(
    (key) => settings[key] !== undefined,
  );
  if (unsupported === undefined) return;
  throw new Failure('CONFIG_INVALID', `the setting ${unsupported} is not supported yet`, {
    hint: 'Unset it; the README says which variable it is.',
  });
}
