import { DAY_MS } from './named-times.ts';

/** What a clock on the wall of some place shows, against UTC. */
export interface TimeZone {
  /** Local time minus UTC at an instant, in milliseconds. */
  offsetAt(instant: number): number;
  /** The first instant after `from`, up to `to`, from which on the offset is another; `undefined` if it stays. */
  nextChange(from: number, to: number): number | undefined;
}

/** @param name - Of the IANA database, such as `Europe/Paris`. */
export function timeZone(name: string): TimeZone {
  const format = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' });

  function offsetAt(instant: number): number {
    const part = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName');
    // "GMT" alone, or with hours, minutes and, of long ago, seconds: "GMT-03:30".
    const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] =
      /^GMT(?:([+-])(\d+):?(\d+)?:?(\d+)?)?$/.exec(part?.value ?? '') ?? [];
    const ms = 1000 * (3600 * Number(hours) + 60 * Number(minutes) + Number(seconds));
    return sign === '-' ? -ms : ms;
  }

  function nextChange(from: number, to: number): number | undefined {
    const offset = offsetAt(from);
    // No place changes its clocks twice in a week.
    for (let week = from; week < to; week += 7 * DAY_MS) {
      const end = Math.min(week + 7 * DAY_MS, to);
      if (offsetAt(end) !== offset) return changeWithin(week, end, offset);
    }
    return undefined;
  }

  /** Halves the time in which the change lies until one millisecond is left. */
  function changeWithin(before: number, after: number, offset: number): number {
    if (after - before <= 1) return after;
    const middle = Math.floor((before + after) / 2);
    return offsetAt(middle) === offset
      ? changeWithin(middle, after, offset)
      : changeWithin(before, middle, offset);
  }

  return { offsetAt, nextChange };
}
