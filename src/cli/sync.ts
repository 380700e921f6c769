import { syncAccounts } from '../app/sync-accounts.ts';
import type { Flags } from '../config/load.ts';
import { exitCodeOf } from './exit-codes.ts';
import { reportFailure } from './streams.ts';
import { openWork } from './work.ts';

export interface SyncCommandOptions {
  readonly dryRun?: boolean;
  /** Never together with a dry run. */
  readonly quick?: boolean;
  readonly allowMassRemoval?: boolean;
  /** `--no-resume` makes it false. */
  readonly resume?: boolean;
}

/** `sync`: one run for every configured account. */
export async function syncCommand(flags: Flags, options: SyncCommandOptions): Promise<number> {
  const { config, accounts, session, stop } = openWork(flags);
  const {
    dryRun = false,
    quick = false,
    allowMassRemoval = false,
    resume: mayResume = true,
  } = options;
  try {
    const outcomes = await syncAccounts(
      session.context,
      accounts,
      { mode: dryRun ? 'dry-run' : quick ? 'quick' : 'full', allowMassRemoval, mayResume },
      stop.signal,
    );
    const isDebug = config.settings['log.level'] === 'debug';
    for (const { accountId, failure } of outcomes) {
      // Whoever stopped the run knows it; the log has the line.
      if (failure === undefined || failure.code === 'STOPPED') continue;
      reportFailure(failure, isDebug, accounts.length > 1 ? `account ${accountId}` : undefined);
    }
    const codes = outcomes.flatMap(({ failure }) => failure?.code ?? []);
    return stop.exitCode() ?? exitCodeOf(codes);
  } finally {
    await session.close();
  }
}
