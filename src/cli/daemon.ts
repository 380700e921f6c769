import { requireSupportedByDaemon, syncAccounts } from '../app/sync-accounts.ts';
import type { Flags } from '../config/load.ts';
import { runDaemon } from '../daemon/daemon.ts';
import { requireSchedule } from '../daemon/schedule.ts';
import { openWork } from './work.ts';

const ROUND = { mode: 'full', allowMassRemoval: false, mayResume: true } as const;

/** `daemon`: runs on the schedule until a signal comes. */
export async function daemonCommand(flags: Flags): Promise<number> {
  const work = openWork(flags, (settings) => {
    requireSupportedByDaemon(settings);
    requireSchedule(settings['schedule.full']);
  });
  const { settings } = work.config;
  try {
    await runDaemon(
      {
        schedule: {
          expression: settings['schedule.full'],
          timezone: settings['schedule.timezone'],
        },
        runOnStart: settings['schedule.runOnStart'],
        round: async (signal) => {
          await syncAccounts(work.session.context, work.accounts, ROUND, signal);
        },
        logger: work.session.context.logger,
      },
      work.stop.signal,
    );
    return work.stop.exitCode() ?? 0;
  } finally {
    await work.session.close();
  }
}
