/**
 * What a `Retry-After` header asks for, in milliseconds: whole seconds or a date (RFC 9110, section 10.2.3).
 *
 * @param now - Milliseconds since 1970, which a date is compared with.
 * @returns `undefined` when the text says nothing sensible.
 */
export function parseRetryAfter(text: string, now: number): number | undefined {
  const value = text.trim();
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // `Date.parse` alone would read "1.5" as a day in 2001, long past.
  const date = / \d\d:\d\d:\d\d GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
