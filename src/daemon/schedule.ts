import { schedule, validateDetailed } from 'node-cron';
import { Failure } from '../inventory/failure.ts';

export interface ScheduleOptions {
  /** A cron expression of five fields, or six with seconds first. */
  readonly expression: string;
  /** A name of the IANA database. */
  readonly timezone: string;
}

/** A running schedule. */
export interface Schedule {
  /** When the next tick is due; `null` if never. */
  next(): Date | null;
  stop(): Promise<void>;
}

/** @throws Failure `CONFIG_INVALID` if the text is no cron expression. */
export function requireSchedule(expression: string): void {
  const { valid, errors } = validateDetailed(expression);
  if (valid) return;
  const problem = errors[0]?.message ?? 'it is no cron expression';
  throw new Failure('CONFIG_INVALID', `IMAGE_INVENTORY_SCHEDULE is "${expression}": ${problem}`, {
    hint: 'Five fields: minute, hour, day of month, month, day of week; "0 * * * *" is hourly.',
  });
}

/**
 * Calls `onTick` whenever the expression matches. A tick that comes while the last one is still at
 * work is left out, and told to `onOverlap`.
 *
 * @throws Failure `CONFIG_INVALID` if the expression is none.
 */
export function startSchedule(
  { expression, timezone }: ScheduleOptions,
  onTick: () => Promise<void>,
  onOverlap: () => void,
): Schedule {
  requireSchedule(expression);
  const task = schedule(expression, onTick, {
    timezone,
    noOverlap: true,
    suppressMissedWarning: true,
  });
  task.on('execution:overlap', onOverlap);
  return {
    next: () => task.getNextRun(),
    stop: async () => {
      await task.destroy();
    },
  };
}
