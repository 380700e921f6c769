import type { Config } from '../config/load.ts';
import { logDaemonEvent } from '../daemon/log.ts';
import type { Clock } from '../sync/ports/clock.ts';
import { Household } from './household.ts';
import { readOrders } from './orders.ts';
import { createReloads } from './reload.ts';
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
  const { logger } = session.context;
  try {
    await using household = new Household(session, orders, signal);
    await household.open();
    const reloads = createReloads(load, household, logger, signal);
    onReload(reloads.ask);
    await household.daemon.work();
    // It may be opening what is about to be closed.
    await reloads.whenIdle();
  } finally {
    await session.close();
  }
  logDaemonEvent(logger, { type: 'daemon.stopped' }, clock.now());
}
