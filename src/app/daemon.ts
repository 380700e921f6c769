import type { Config } from '../config/load.ts';
import type { Clock } from '../sync/ports.ts';
import { Household } from './household.ts';
import { readOrders } from './orders.ts';
import { createReload } from './reload.ts';
import { openSession, type Output } from './session.ts';
import { systemClock } from './system-clock.ts';

export interface DaemonOptions {
  /** Reads the configuration, at the start and whenever a reload is asked for. */
  readonly load: () => Config;
  /** Where the log goes. */
  readonly output: Output;
  /** Ends the daemon. */
  readonly signal: AbortSignal;
  /** Takes what is to be called when the configuration should be read again. */
  readonly onReload: (reload: () => void) => void;
  readonly clock?: Clock;
}

/**
 * Keeps an inventory up to date until the signal aborts.
 *
 * @throws Failure when the configuration is wrong, or the database or the server's port cannot be had.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { load, output, signal, onReload, clock = systemClock } = options;
  const config = load();
  const orders = readOrders(config);
  const session = openSession(config, output, clock);
  try {
    await using household = new Household(session, orders, signal);
    await household.open();
    onReload(createReload(load, household, session.context.logger));
    await household.daemon.work();
  } finally {
    await session.close();
  }
}
