import { following, HOUR_MS, readExpression, type NamedTimes } from './named-times.ts';
import { timeZone, type TimeZone } from './time-zone.ts';

/** The instants that a cron expression means in some time zone. */
export interface Cron {
  readonly expression: string;
  /** The first one after an instant, both in milliseconds since 1970; `Infinity` if there is none within eight years. */
  next(after: number): number;
}

/** No clock is set by more than this at once. */
const LARGEST_CHANGE_MS = 3 * HOUR_MS;

/**
 * Finds out when a cron expression is due where clocks are changed twice a year, by the rules of the cron that
 * everybody knows. An expression for every hour goes by real time: it loses no hour and gains none. One for certain hours
 * happens once a day: the first time, when the clock shows a time twice, and as much later as the clock was put
 * forward, when it leaves a time out.
 *
 * @param zone - A name of the IANA database.
 * @param setting - Where the expression comes from, for the error.
 * @throws Failure `CONFIG_INVALID` if the text is no cron expression.
 */
export function parseCron(expression: string, zone: string, setting: string): Cron {
  const times = readExpression(expression, setting);
  const place = timeZone(zone);
  return { expression, next: (after) => firstInstant(times, place, after) };
}

function firstInstant(times: NamedTimes, zone: TimeZone, after: number): number {
  let from = after;
  // Nothing comes after never.
  while (from !== Infinity) {
    const offset = zone.offsetAt(from);
    const instant = times.next(from + offset) - offset;
    if (instant === Infinity) return Infinity;
    const change = zone.nextChange(from - LARGEST_CHANGE_MS, instant);
    if (change === undefined || instant < change) return instant;
    const settled = change + LARGEST_CHANGE_MS;
    const due = firstBehindChange(times, zone, change, Math.max(from, change - 1), settled);
    if (due !== undefined) return due;
    from = settled;
  }
  return Infinity;
}

/** The first instant after `from`, up to `to`, that is meant although the clock was changed just before. */
function firstBehindChange(
  times: NamedTimes,
  zone: TimeZone,
  change: number,
  from: number,
  to: number,
): number | undefined {
  const before = zone.offsetAt(change - 1);
  const now = zone.offsetAt(change);
  const isMeant = (instant: number): boolean => {
    const isNamed = times.has(instant + now);
    if (times.isHourly || instant - change >= Math.abs(now - before)) return isNamed;
    // Forward: what the clock left out comes late. Back: what it shows again has been.
    return now > before && (isNamed || times.has(instant + before));
  };
  for (let instant = following(from, times.stepMs); instant <= to; instant += times.stepMs) {
    if (isMeant(instant)) return instant;
  }
  return undefined;
}
