import { resolve } from 'node:path';
import type { Config } from '../config/load.ts';
import { describePlan } from '../daemon/log.ts';
import { asFailure, Failure } from '../inventory/failure.ts';
import { formatCount } from '../inventory/quantity.ts';
import { failureFields } from '../observe/failure-fields.ts';
import type { Logger } from '../observe/logger.ts';
import { readOrders, type Orders } from './orders.ts';

/** Who works by orders, and can take others. */
interface Follower {
  readonly orders: Orders;
  apply(orders: Orders): Promise<void>;
}

export interface Reloads {
  /** Asks for the configuration to be read again. Whoever asks before that has begun is served together. */
  readonly ask: () => void;
  /** Resolves when none is under way. */
  readonly whenIdle: () => Promise<void>;
}

/**
 * Reads the configuration again when it is asked to, and hands it on, or refuses it as a whole and says why. One reload at a
 * time, and none once the signal has aborted.
 */
export function createReloads(
  load: () => Config,
  follower: Follower,
  logger: Logger,
  signal: AbortSignal,
): Reloads {
  let isAsked = false;
  let underWay: Promise<void> | undefined;

  async function serve(): Promise<void> {
    while (isAsked && !signal.aborted) {
      isAsked = false;
      await reload();
    }
    underWay = undefined;
  }

  async function reload(): Promise<void> {
    try {
      const orders = readOrders(load());
      refuseOtherDatabase(follower.orders, orders);
      await follower.apply(orders);
      const { accounts, plan } = orders;
      const { fields, schedules } = describePlan(plan);
      const msg = `the configuration was read again: ${formatCount(accounts.length, 'account')}, ${schedules}`;
      logger.info({ event: 'daemon.reloaded', ...fields }, msg);
    } catch (error) {
      const failure = asFailure(error);
      const msg = `the new configuration is refused, the old one stays: ${failure.message}`;
      logger.error({ event: 'daemon.refused', ...failureFields(failure) }, msg);
    }
  }

  return {
    ask: () => {
      isAsked = true;
      underWay ??= serve();
    },
    whenIdle: async () => underWay,
  };
}

function refuseOtherDatabase(before: Orders, after: Orders): void {
  const [old, other] = [before, after].map(({ settings }) => resolve(settings.database));
  if (old === other) return;
  throw new Failure('CONFIG_INVALID', 'it names another database', {
    hint: 'Stop the daemon and start it again to change the database.',
  });
}
