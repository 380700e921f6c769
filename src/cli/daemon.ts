import { syncAccounts } from '../app/sync-accounts.ts';
import type { Flags } from '../config/load.ts';
import { runDaemon } from '../daemon/daemon.ts';
import { asFailure } from '../inventory/failure.ts';
import { openWork, type Work } from './work.ts';

/** `daemon`: runs on the schedule until a signal comes. */
export async function daemonCommand(flags: Flags): Promise<number> {
  const work = openWork(flags);
  const { settings } = work.config;
  try {
    await runDaemon(
      {
        schedule: {
          expression: settings['schedule.full'],
          timezone: settings['schedule.timezone'],
        },
        runOnStart: settings['schedule.runOnStart'],
        round: (signal) => round(work, signal),
        logger: work.session.context.logger,
      },
      work.stop.signal,
    );
    return work.stop.exitCode() ?? 0;
  } finally {
    await work.session.close();
  }
}

async function round({ session, accounts }: Work, signal: AbortSignal): Promise<void> {
  try {
    const options = { mode: 'full', allowMassRemoval: false } as const;
    await syncAccounts(session.context, accounts, options, signal);
  } catch (error) {
    // Not even the ledger could be written. The next round may find the disk mended.
    const { code, message } = asFailure(error);
    session.context.logger.error(
      { event: 'sync.failed', error_code: code, error_message: message },
      message,
    );
  }
}
