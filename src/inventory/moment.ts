import { parseDuration } from './duration.ts';

/** A moment of an inventory's past, as a person names it. Which run it means depends on the account. */
export type Moment =
  /** The last complete run. */
  | { readonly is: 'latest' }
  /** The complete run before that. */
  | { readonly is: 'previous' }
  | { readonly is: 'run'; readonly runId: number }
  /** What the last complete run before this time found. Milliseconds since 1970. */
  | { readonly is: 'time'; readonly at: number };

/** How a moment may be written, for help and for errors. */
export const MOMENT_FORMS =
  'a run id, "latest", "previous", a time such as 2026-01-31 or 2026-01-31T16:00Z (UTC unless it says otherwise), or how long ago, such as 2d or 1h30m';

/** Date, time of day and zone of ISO 8601, as far as people write them. */
const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Times are compared as the texts that the database holds, which is right as long as years have four digits. */
const FIRST_TIME = Date.parse('0000-01-01T00:00Z');
const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Reads one of {@link MOMENT_FORMS}.
 *
 * @param now - What "ago" counts from, in milliseconds since 1970.
 * @returns `undefined` if the text is none of them.
 */
export function parseMoment(text: string, now: number): Moment | undefined {
  if (text === 'latest' || text === 'previous') return { is: text };
  if (/^\d+$/.test(text)) return parseRun(text);
  const ago = parseDuration(text);
  const at = (ago === undefined ? parseTime(text) : now - ago) ?? Number.NaN;
  return at >= FIRST_TIME && at <= LAST_TIME ? { is: 'time', at } : undefined;
}

/** A number that would be rounded names no run. */
function parseRun(text: string): Moment | undefined {
  const runId = Number(text);
  return Number.isSafeInteger(runId) ? { is: 'run', runId } : undefined;
}

/** Milliseconds since 1970; `undefined` if there is no such time. */
function parseTime(text: string): number | undefined {
  const [, date, time = '00:00', zone = 'Z'] = ISO.exec(text) ?? [];
  if (date === undefined) return undefined;
  const at = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  // The 30th of February would be read as a day in March.
  const day = Date.parse(`${date}T00:00Z`);
  const isDay = !Number.isNaN(day) && new Date(day).toISOString().startsWith(date);
  return isDay && !Number.isNaN(at) ? at : undefined;
}
