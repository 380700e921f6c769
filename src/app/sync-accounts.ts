import type { Pacer } from '../cloudflare/pace.ts';
import { createSource } from '../cloudflare/source.ts';
import type { Account } from '../config/accounts.ts';
import type { Settings } from '../config/settings.ts';
import { asFailure } from '../inventory/failure.ts';
import { failureFields } from '../observe/failure-fields.ts';
import { logEvent } from '../observe/log-events.ts';
import type { Logger } from '../observe/logger.ts';
import type { Emit } from '../sync/events.ts';
import type { Clock } from '../sync/ports/clock.ts';
import type { RunMode, Store } from '../sync/ports/stage.ts';
import { runSync, type RunOutcome } from '../sync/run.ts';
import type { Connections } from './connect.ts';
import { modeOf } from './run-mode.ts';
import { VERSION } from './version.ts';

/** What a run needs; a run holds on to the settings that it began with. */
export interface SyncContext {
  readonly settings: Settings;
  readonly connections: Connections;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A second listener to a run's events, such as a progress line. */
  readonly watch?: (pacer: Pacer, accountId: string) => Emit;
}

export interface SyncOptions {
  readonly mode: RunMode;
  readonly allowMassRemoval: boolean;
  /** Whether a run may go on where an interrupted one stopped. */
  readonly mayResume: boolean;
}

/** One account's outcome; `failure` is set unless its run completed. */
export interface AccountOutcome extends Omit<RunOutcome, 'runId'> {
  readonly accountId: string;
  /** What the run was, which is not always what was wished for. */
  readonly mode: RunMode;
  /** `undefined` when not even the ledger could be written. */
  readonly runId: number | undefined;
}

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
    outcomes.push(await runAccount(context, account, options, signal));
  }
  return outcomes;
}

/**
 * One run of one account; runs of other accounts may be under way on the same context. It never throws: when not
 * even the ledger could be written, nobody else has told what went wrong.
 */
export async function runAccount(
  context: SyncContext,
  account: Account,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<AccountOutcome> {
  const { id: accountId } = account;
  let { mode } = options;
  let runId: number | undefined;
  const onBegin = (begun: number): void => void (runId = begun);
  try {
    mode = decideMode(context, accountId, mode);
    const outcome = await syncAccount(context, account, { ...options, mode }, signal, onBegin);
    return { accountId, mode, ...outcome };
  } catch (error) {
    const failure = asFailure(error);
    const labels = { account_id: accountId, run_id: runId };
    const fields = { ...labels, ...failureFields(failure) };
    context.logger.error({ event: 'sync.failed', ...fields }, `failed: ${failure.message}`);
    return { accountId, mode, runId, failure, counts: undefined, isBaseline: false };
  }
}

/** What a run will be; the log says so where that is not what was wished for. */
function decideMode(
  { settings, store, logger }: SyncContext,
  accountId: string,
  wanted: RunMode,
): RunMode {
  const mode = modeOf(wanted, store, accountId, settings['api.creators']);
  if (mode !== wanted) {
    const msg = `${mode} run instead of a ${wanted} one: there is no complete full run yet that it could add to`;
    logger.info({ event: 'sync.promoted', account_id: accountId, mode }, msg);
  }
  return mode;
}

async function syncAccount(
  context: SyncContext,
  account: Account,
  options: SyncOptions,
  signal: AbortSignal,
  onBegin: (runId: number) => void,
): Promise<RunOutcome> {
  const { settings, connections, store, clock, logger, watch } = context;
  // The network's events come before and between the run's own; they belong to the run under way.
  let emit: Emit = () => undefined;
  await using connection = connections.open(account, (event) => emit(event));
  const { client, pacer, reader } = connection;
  const creators = settings['api.creators'];
  const source = createSource({
    client,
    accountId: account.id,
    version: settings['api.version'],
    perPage: settings['api.perPage'],
    creators,
    concurrency: settings['rateLimit.concurrency'],
    reader,
  });
  const onlooker = watch?.(pacer, account.id);
  const emitFor = (runId: number): Emit => {
    onBegin(runId);
    const labels = { account_id: account.id, run_id: runId };
    emit = (event) => {
      onlooker?.(event);
      logEvent(logger, labels, event);
    };
    return emit;
  };

  return await runSync(
    { source, store, clock, emitFor, random: Math.random },
    {
      accountId: account.id,
      mode: options.mode,
      api: options.mode === 'quick' ? 'v2' : settings['api.version'],
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
