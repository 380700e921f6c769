import { stdout } from 'node:process';
import { openSession } from '../app/session.ts';
import { requireSupported, syncAccounts } from '../app/sync-accounts.ts';
import { loadConfig, type Flags } from '../config/load.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { stopOnSignals } from './signals.ts';
import { endWithReader, reportFailure } from './streams.ts';

export interface SyncCommandOptions {
  readonly dryRun?: boolean;
  readonly allowMassRemoval?: boolean;
}

/** `sync`: one run for every configured account. The log goes to stdout. */
export async function syncCommand(flags: Flags, options: SyncCommandOptions): Promise<number> {
  const config = loadConfig(flags);
  const accounts = config.accounts();
  requireSupported(config.settings);
  const stop = stopOnSignals();
  endWithReader(() => stop.stop(EXIT.terminated));
  const session = openSession(config, stdout);
  try {
    const outcomes = await syncAccounts(
      session.context,
      accounts,
      {
        mode: options.dryRun === true ? 'dry-run' : 'full',
        allowMassRemoval: options.allowMassRemoval ?? false,
      },
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
