export const DAY_MS = 86_400_000;
/** The first day of a long history, in milliseconds since 1970. */
export const FIRST_DAY = Date.UTC(2026, 0, 1);
