import type { FailureCode } from '../inventory/failure.ts';

/** Every exit code of the program, and the one place where it is decided. */
export const EXIT = {
  done: 0,
  unexpected: 1,
  usage: 2,
  incomplete: 3,
  held: 4,
  damaged: 5,
  refused: 6,
  rateLimited: 7,
  stale: 8,
  locked: 11,
  interrupted: 130,
  terminated: 143,
} as const;

const BY_FAILURE: Readonly<Record<FailureCode, number>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  DATABASE_UNUSABLE: EXIT.usage,
  DATABASE_TOO_NEW: EXIT.usage,
  DATABASE_MISSING: EXIT.usage,
  FILTER_REFUSED: EXIT.usage,
  DATABASE_LOCKED: EXIT.locked,
  DATABASE_WRITE_FAILED: EXIT.unexpected,
  EXPORT_FAILED: EXIT.unexpected,
  DATABASE_DAMAGED: EXIT.unexpected,
  ACCESS_REFUSED: EXIT.refused,
  ROUTE_REFUSED: EXIT.refused,
  RATE_LIMITED: EXIT.rateLimited,
  UNREACHABLE: EXIT.incomplete,
  API_ERROR: EXIT.incomplete,
  API_GONE: EXIT.incomplete,
  BAD_ANSWER: EXIT.incomplete,
  ANSWER_TOO_LARGE: EXIT.incomplete,
  LIST_REPEATS: EXIT.incomplete,
  LIST_INCONSISTENT: EXIT.incomplete,
  DEADLINE: EXIT.incomplete,
  HELD: EXIT.held,
  STALE: EXIT.stale,
  STOPPED: EXIT.terminated,
  UNEXPECTED: EXIT.unexpected,
};

/** With several failures, the first of these that occurred is the process's. */
const ORDER: readonly number[] = [1, 2, 6, 11, 7, 3, 4];

/** The exit code of a process in which these failures occurred. */
export function exitCodeOf(failures: readonly FailureCode[]): number {
  const codes = new Set(failures.map((code) => BY_FAILURE[code]));
  return ORDER.find((code) => codes.has(code)) ?? [...codes][0] ?? EXIT.done;
}
