import { createTask, validateDetailed } from 'node-cron';
import { Failure } from '../inventory/failure.ts';

/** The days and times of day that a cron expression names, without any time zone: written as if they were UTC. */
export interface NamedTimes {
  /** Whether it names every hour of its days. */
  readonly isHourly: boolean;
  /** All of them are whole multiples of this, in milliseconds. */
  readonly stepMs: number;
  has(time: number): boolean;
  /** The first one after `time`; `Infinity` if there is none within eight years. */
  next(time: number): number;
}

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** From one 29th of February to the next it can take eight years. */
const LOOK_AHEAD_MS = 8 * 366 * DAY_MS;

/**
 * Reads a cron expression of five fields, or six with seconds first, as node-cron understands it.
 *
 * @param setting - Where the expression comes from, for the error.
 * @throws Failure `CONFIG_INVALID` if the text is no cron expression.
 */
export function readExpression(expression: string, setting: string): NamedTimes {
  const { valid, fields, errors } = validateDetailed(expression);
  if (!valid || fields === undefined) {
    const problem = errors[0]?.message ?? 'it is no cron expression';
    throw new Failure('CONFIG_INVALID', `${setting} is "${expression}": ${problem}`, {
      hint: 'Five fields: minute, hour, day of month, month, day of week; "0 * * * *" is hourly.',
    });
  }
  const seconds = new Set(fields.second);
  const minutes = new Set(fields.minute);
  const hours = new Set(fields.hour);
  const isInHour = (time: number): boolean => hours.has(Math.floor(time / HOUR_MS) % 24);
  const isInMinute = (time: number): boolean => minutes.has(Math.floor(time / MINUTE_MS) % 60);
  const isOnSecond = (time: number): boolean => seconds.has(Math.floor(time / SECOND_MS) % 60);
  const [hour = 0, minute = 0, second = 0] = [hours, minutes, seconds].map((named) =>
    Math.min(...named),
  );
  const isOnDay = dayMatcher(expression, hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS);
  const stepMs = seconds.size === 1 && seconds.has(0) ? MINUTE_MS : SECOND_MS;

  function next(time: number): number {
    let candidate = following(time, stepMs);
    while (candidate < time + LOOK_AHEAD_MS) {
      if (!isOnDay(candidate)) candidate = following(candidate, DAY_MS);
      else if (!isInHour(candidate)) candidate = following(candidate, HOUR_MS);
      else if (!isInMinute(candidate)) candidate = following(candidate, MINUTE_MS);
      else if (!isOnSecond(candidate)) candidate = following(candidate, SECOND_MS);
      else return candidate;
    }
    return Infinity;
  }

  return {
    isHourly: hours.size === 24,
    stepMs,
    has: (time) => isOnSecond(time) && isInMinute(time) && isInHour(time) && isOnDay(time),
    next,
  };
}

/**
 * Days can be named in many ways, such as "the last Friday" or "@weekly": node-cron knows them all. Asks it once a day.
 *
 * @param timeOfDay - One that the expression names, in milliseconds.
 */
function dayMatcher(expression: string, timeOfDay: number): (time: number) => boolean {
  const tasks = eitherDay(expression).map((each) => {
    const task = createTask(each, () => undefined, { timezone: 'UTC' });
    // It is never started: only its reading of the expression is of use.
    void task.destroy();
    return task;
  });
  let known = { day: NaN, isMatch: false };
  return (time) => {
    const day = Math.floor(time / DAY_MS);
    if (day !== known.day) {
      const moment = new Date(day * DAY_MS + timeOfDay);
      known = { day, isMatch: tasks.some((task) => task.match(moment)) };
    }
    return known.isMatch;
  };
}

/**
 * The expressions of which a day must match one. Where both the day of the month and the day of the week are named, cron
 * takes days that are either (crontab(5)); node-cron wants both.
 */
function eitherDay(expression: string): readonly string[] {
  const fields = expression.trim().split(/\s+/);
  const [day = '*', month = '*', weekday = '*'] = fields.slice(-3);
  const isRestricted = (field: string): boolean => !/^[*?]/.test(field);
  if (fields.length < 5 || !isRestricted(day) || !isRestricted(weekday)) return [expression];
  const times = fields.slice(0, -3);
  return [[...times, day, month, '*'].join(' '), [...times, '*', month, weekday].join(' ')];
}

/** The next whole multiple. */
export function following(time: number, unit: number): number {
  return (Math.floor(time / unit) + 1) * unit;
}
