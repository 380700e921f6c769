import { formatDuration } from '../inventory/duration.ts';
import { formatCount } from '../inventory/quantity.ts';
import { failureFields } from '../observe/failure-fields.ts';
import type { Logger } from '../observe/logger.ts';
import type { DaemonEvent, RunKind, RunResult } from './events.ts';
import type { Plan } from './plan.ts';

/**
 * Writes what the daemon tells as log lines. What a run comes to, the run has logged itself.
 *
 * @param now - Milliseconds since 1970.
 */
export function logDaemonEvent(logger: Logger, event: DaemonEvent, now: number): void {
  switch (event.type) {
    case 'daemon.started': {
      const { fields, schedules } = describePlan(event.plan);
      logger.info({ event: event.type, ...fields }, `daemon started: ${schedules}`);
      return;
    }
    case 'daemon.scheduled': {
      const { accountId, mode, next } = event;
      const at = next === Infinity ? undefined : new Date(next).toISOString();
      const fields = { account_id: accountId, mode, next: at };
      logger.info(
        { event: event.type, ...fields },
        `next ${labelOf(mode)} at ${at ?? 'no time at all'}`,
      );
      return;
    }
    case 'daemon.skipped':
      logSkipped(logger, event);
      return;
    case 'daemon.missed': {
      const { missed } = event;
      const msg = `the machine slept or its clock was set: ${formatCount(missed, 'scheduled time')} went by, one run makes up for them`;
      logger.warn({ event: event.type, missed }, msg);
      return;
    }
    case 'daemon.failing': {
      const { accountId, mode, result } = event;
      const { code, message } = result.failure;
      const fields = { ...labels(accountId, mode, result), ...failureFields(result.failure) };
      const what = code === 'HELD' ? 'are held until somebody decides' : 'have begun to fail';
      logger.error({ event: event.type, ...fields }, `${labelOf(mode)}s ${what}: ${message}`);
      return;
    }
    case 'daemon.recovered': {
      const { accountId, mode, result, failures, since } = event;
      const fields = {
        ...labels(accountId, mode, result),
        failures,
        since: new Date(since).toISOString(),
      };
      const msg = `${labelOf(mode)}s work again, after ${formatCount(failures, 'failure')} in ${formatDuration(Math.max(0, now - since))}`;
      logger.info({ event: event.type, ...fields }, msg);
      return;
    }
    case 'daemon.ended':
      return;
    case 'daemon.stopping':
      logger.info({ event: event.type }, 'stopping');
      return;
    case 'daemon.stopped':
      logger.info({ event: event.type }, 'stopped');
  }
}

/** A plan as fields of a log line, and its schedules as words. */
export function describePlan({ crons, timezone, accounts }: Plan): PlanDescription {
  const [schedule, quick] = [crons.full.expression, crons.quick?.expression];
  const also = quick === undefined ? '' : `, for new uploads ${quick}`;
  return {
    fields: { schedule, quick_schedule: quick, timezone, accounts: accounts.length },
    schedules: `${schedule}${also} (${timezone})`,
  };
}

interface PlanDescription {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly schedules: string;
}

function logSkipped(logger: Logger, event: DaemonEvent & { type: 'daemon.skipped' }): void {
  const { accountId, mode, reason } = event;
  const fields = { event: event.type, account_id: accountId, mode, reason };
  if (reason === 'busy') {
    // What a quick run would find, the full one finds as well.
    const level = mode === 'full' ? 'warn' : 'info';
    logger[level](fields, `the last run is still under way: this ${labelOf(mode)} is left out`);
    return;
  }
  // That the account is refused was said when it began.
  logger.debug(fields, `the account was refused not long ago: this ${labelOf(mode)} is left out`);
}

function labelOf(mode: RunKind): string {
  return `${mode} run`;
}

function labels(
  accountId: string,
  mode: RunKind,
  { runId }: RunResult,
): Readonly<Record<string, unknown>> {
  return { account_id: accountId, run_id: runId, mode };
}
