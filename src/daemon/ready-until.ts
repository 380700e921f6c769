import type { Cron } from './cron.ts';

/** The last complete full run of an account. */
export interface LastComplete {
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  readonly durationMs: number;
}

/**
 * Until when an account's last complete run is recent enough. Without a bound two scheduled runs may be missed: the third
 * one has its turn, and as long as the last one took, to come to its end.
 *
 * @param longestAgeMs - The bound, if somebody has set one.
 */
export function readyUntil(
  { at, durationMs }: LastComplete,
  full: Cron,
  longestAgeMs: number | undefined,
): number {
  if (longestAgeMs !== undefined) return at + longestAgeMs;
  const third = [1, 2, 3].reduce((time) => full.next(time), at);
  return third + durationMs;
}
