import { syncAccounts } from '../app/sync-accounts.ts';
import type { Flags } from '../config/load.ts';
import { exitCodeOf } from './exit-codes.ts';
import { reportFailure } from './streams.ts';
import { openWork } from './work.ts';

export interface SyncCommandOptions {
  readonly dryRun?: boolean;
  readonly allowMassRemoval?: boolean;
}

/** `sync`: one run for every configured account. */
export async function syncCommand(flags: Flags, options: SyncCommandOptions): Promise<number> {
  const { config, accounts, session, stop } = openWork(flags);
  const { dryRun = false, allowMassRemoval = false } = options;
  try {
    const outcomes = await syncAccounts(
      session.context,
      accounts,
      { mode: dryRun ? 'dry-run' : 'full', allowMassRemoval },
      stop.signal,
    );
    const failures = outcomes.flatMap(({ failure }) => failure ?? []);
    const isDebug = config.settings['log.level'] === 'debug';
    for (const failure of failures) {
      // Whoever stopped the run knows it; the log has the line.
      if (failure.code !== 'STOPPED') reportFailure(failure, isDebug);
    }
    return stop.exitCode() ?? exitCodeOf(failures.map(({ code }) => code));
  } finally {
    await session.close();
  }
}
