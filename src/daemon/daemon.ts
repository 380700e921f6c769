import { once } from 'node:events';
import type { Logger } from '../observe/logger.ts';
import { startSchedule, type ScheduleOptions } from './schedule.ts';

export interface DaemonOptions {
  readonly schedule: ScheduleOptions;
  readonly runOnStart: boolean;
  /** One round over all accounts. It reports its own failures and does not throw them. */
  readonly round: (signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

/**
 * Runs a round at the start and at every tick of the schedule, never two at once, until the signal
 * aborts; the round under way is then told to stop, and waited for.
 */
export async function runDaemon(options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const { logger, round, runOnStart } = options;
  let underWay: Promise<void> | undefined;
  const isStopping = (): boolean => signal.aborted;
  const tick = async (): Promise<void> => {
    if (isStopping()) return;
    if (underWay !== undefined) {
      skipped();
      return;
    }
    underWay = round(signal).finally(() => {
      underWay = undefined;
    });
    await underWay;
    if (!isStopping()) scheduled();
  };
  const skipped = (): void =>
    logger.warn(
      { event: 'daemon.skipped' },
      'the last run is still under way: this one is left out',
    );
  const scheduled = (): void => {
    const next = schedule.next()?.toISOString();
    logger.info({ event: 'daemon.scheduled', next }, `next run at ${next ?? 'no time at all'}`);
  };

  const schedule = startSchedule(options.schedule, tick, skipped);
  const { expression, timezone } = options.schedule;
  logger.info(
    { event: 'daemon.started', schedule: expression, timezone },
    `daemon started: ${expression} (${timezone})`,
  );
  if (runOnStart) void tick();
  else scheduled();

  if (!signal.aborted) await once(signal, 'abort');
  logger.info({ event: 'daemon.stopping' }, 'stopping');
  await schedule.stop();
  await underWay;
  logger.info({ event: 'daemon.stopped' }, 'stopped');
}
