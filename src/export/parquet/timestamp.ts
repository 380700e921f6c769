/** RFC 3339: a zone is needed, or the moment would not be known. Some engines have no year 0. */
const RFC_3339 =
  /^((?!0000)\d{4}-(\d\d)-(\d\d))[Tt ]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/** A moment as Parquet holds it. */
export interface Timestamp {
  /** Since 1970, UTC. */
  readonly microseconds: bigint;
  /** Whether that is the whole moment: the text may have been finer. */
  readonly isExact: boolean;
}

/** Reads RFC 3339. @returns `undefined` if there is no such moment. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const [, date, month, day, time, fraction = '', zone] = RFC_3339.exec(text) ?? [];
  if (date === undefined || time === undefined || zone === undefined) return undefined;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms) || !isInMonth(date, Number(month), Number(day))) return undefined;
  return {
    microseconds: BigInt(ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0')),
    isExact: !/[1-9]/.test(fraction.slice(6)),
  };
}

/** Date.parse takes the 31st of any month, as a day of the next one. */
function isInMonth(date: string, month: number, day: number): boolean {
  return day <= 28 || new Date(`${date}T00:00Z`).getUTCMonth() === month - 1;
}
