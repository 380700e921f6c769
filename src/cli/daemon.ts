import { stdout } from 'node:process';
import { openSession } from '../app/session.ts';
import { requireSupported, syncAccounts } from '../app/sync-accounts.ts';
import { loadConfig, type Flags } from '../config/load.ts';
import { runDaemon } from '../daemon/daemon.ts';
import { asFailure } from '../inventory/failure.ts';
import { EXIT } from './exit-codes.ts';
import { stopOnSignals } from './signals.ts';
import { endWithReader } from './streams.ts';

/** `daemon`: runs on the schedule until a signal comes. The log goes to stdout. */
export async function daemonCommand(flags: Flags): Promise<number> {
  const config = loadConfig(flags);
  const accounts = config.accounts();
  requireSupported(config.settings);
  const stop = stopOnSignals();
  endWithReader(() => stop.stop(EXIT.terminated));
  const session = openSession(config, stdout);
  const { logger } = session.context;
  const { settings } = config;
  try {
    await runDaemon(
      {
        schedule: {
          expression: settings['schedule.full'],
          timezone: settings['schedule.timezone'],
        },
        runOnStart: settings['schedule.runOnStart'],
        round: async (signal) => {
          try {
            const options = { mode: 'full', allowMassRemoval: false } as const;
            await syncAccounts(session.context, accounts, options, signal);
          } catch (error) {
            // Not even the ledger could be written. The next round may find the disk mended.
            const { code, message } = asFailure(error);
            logger.error(
              { event: 'sync.failed', error_code: code, error_message: message },
              message,
            );
          }
        },
        logger,
      },
      stop.signal,
    );
    return stop.exitCode() ?? 0;
  } finally {
    await session.close();
  }
}
