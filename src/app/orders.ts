import type { Account } from '../config/accounts.ts';
import type { Config } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { SETTINGS } from '../config/settings.ts';
import type { Webhook } from '../config/webhook.ts';
import { parseCron, type Cron } from '../daemon/cron.ts';
import type { Plan } from '../daemon/plan.ts';
import { userKey } from './connect.ts';

/** Everything that a daemon is told by its configuration, checked as a whole. */
export interface Orders {
  readonly settings: Settings;
  readonly accounts: readonly Account[];
  readonly webhook: Webhook | undefined;
  readonly plan: Plan;
}

/** @throws Failure `CONFIG_INVALID` if anything is missing or wrong. */
export function readOrders(config: Config): Orders {
  const { settings } = config;
  const accounts = config.accounts();
  return { settings, accounts, webhook: config.webhook(), plan: planOf(settings, accounts) };
}

type Schedule = 'schedule.full' | 'schedule.quick' | 'schedule.housekeeping';

/** @throws Failure `CONFIG_INVALID` if a schedule is no cron expression. */
export function planOf(settings: Settings, accounts: readonly Account[]): Plan {
  const timezone = settings['schedule.timezone'];
  const cron = (key: Schedule, expression: string): Cron =>
    parseCron(expression, timezone, SETTINGS[key].env);
  const quick = settings['schedule.quick'];
  return {
    crons: {
      full: cron('schedule.full', settings['schedule.full']),
      quick: quick === undefined ? undefined : cron('schedule.quick', quick),
      housekeeping: cron('schedule.housekeeping', settings['schedule.housekeeping']),
    },
    timezone,
    jitterMs: settings['schedule.jitterSeconds'] * 1000,
    runOnStart: settings['schedule.runOnStart'],
    accounts: accounts.map(({ id, credentials }) => ({
      id,
      lane: userKey(credentials),
      laneWidth: settings['rateLimit.concurrency'],
    })),
  };
}
