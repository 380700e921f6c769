import { resolve } from 'node:path';
import type { Config } from '../config/load.ts';
import { asFailure, Failure } from '../inventory/failure.ts';
import { formatCount } from '../inventory/quantity.ts';
import type { Logger } from '../observe/logger.ts';
import { readOrders, type Orders } from './orders.ts';

/** Who works by orders, and can take others. */
interface Follower {
  readonly orders: Orders;
  apply(orders: Orders): Promise<void>;
}

/**
 * Makes a function that reads the configuration again and hands it on, or refuses it as a whole and says why. One reload at
 * a time.
 */
export function createReload(load: () => Config, follower: Follower, logger: Logger): () => void {
  let last: Promise<void> = Promise.resolve();

  async function reload(): Promise<void> {
    try {
      const orders = readOrders(load());
      refuseOtherDatabase(follower.orders, orders);
      await follower.apply(orders);
      const { accounts, plan } = orders;
      const schedule = plan.crons.full.expression;
      const fields = { schedule, timezone: plan.timezone, accounts: accounts.length };
      const msg = `the configuration was read again: ${formatCount(accounts.length, 'account')}, ${schedule} (${plan.timezone})`;
      logger.info({ event: 'daemon.reloaded', ...fields }, msg);
    } catch (error) {
      const { code, message, hint } = asFailure(error);
      const fields = { error_code: code, error_message: message, hint };
      const msg = `the new configuration is refused, the old one stays: ${message}`;
      logger.error({ event: 'daemon.refused', ...fields }, msg);
    }
  }

  return () => {
    last = last.then(reload);
  };
}

function refuseOtherDatabase(before: Orders, after: Orders): void {
  const [old, other] = [before, after].map(({ settings }) => resolve(settings.database));
  if (old === other) return;
  throw new Failure('CONFIG_INVALID', 'it names another database', {
    hint: 'Stop the daemon and start it again to change the database.',
  });
}
