import type { Failure } from '../inventory/failure.ts';
import { cureOf } from './patience.ts';

/** Runs of one kind that failed one after the other, and none has worked since. */
export interface Streak {
  readonly failures: number;
  /** How many of the last ones wait for the same. */
  readonly alike: number;
  /** When the first of them ended, in milliseconds since 1970. */
  readonly since: number;
  /** The last one's. */
  readonly failure: Failure;
}

/** A streak with one more failure. */
export function prolong(streak: Streak | undefined, failure: Failure, now: number): Streak {
  const isAlike = streak !== undefined && cureOf(streak.failure.code) === cureOf(failure.code);
  return {
    failures: (streak?.failures ?? 0) + 1,
    alike: isAlike ? streak.alike + 1 : 1,
    since: streak?.since ?? now,
    failure,
  };
}

/** Whether a failure is news: the first of a streak, or the guard's after others, for which somebody must decide. */
export function isNews(before: Streak | undefined, failure: Failure): boolean {
  return before === undefined || (failure.code === 'HELD' && before.failure.code !== 'HELD');
}
