/** RFC 3339: a zone is needed, or the moment would not be known. There is no year 0 in some engines. */
const RFC_3339 = /^((?!0000)\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/** A moment as Parquet holds it. */
export interface Timestamp {
  /** Since 1970, UTC. */
  readonly microseconds: bigint;
  /** Whether that is the whole moment: the text may have been finer. */
  readonly isExact: boolean;
}

/** Reads RFC 3339. @returns `undefined` if there is no such moment. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const [, date, time, fraction = '', zone] = RFC_3339.exec(text) ?? [];
  if (date === undefined || time === undefined || zone === undefined) return undefined;
  const seconds = `${date}T${time}`;
  const ms = Date.parse(seconds + zone.toUpperCase());
  if (Number.isNaN(ms) || !isOnCalendar(seconds)) return undefined;
  return {
    microseconds: BigInt(ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0')),
    isExact: !/[1-9]/.test(fraction.slice(6)),
  };
}

/** Date.parse takes the 31st of any month, as a day of the next one, and the hour 24. */
function isOnCalendar(seconds: string): boolean {
  return new Date(`${seconds}Z`).toISOString().startsWith(seconds);
}
