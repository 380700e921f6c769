import type { FailureCode } from '../inventory/failure.ts';

/** What to do after so many failures in a row. */
export interface Patience {
  /** After this long the run is tried again; `undefined` if only the schedule tries it again. */
  readonly retryMs: number | undefined;
  /** For this long not even the schedule tries it. */
  readonly holdOffMs: number;
}

const MINUTE_MS = 60_000;
const FIRST_RETRY_MS = MINUTE_MS;
const LONGEST_RETRY_MS = 60 * MINUTE_MS;
const FIRST_HOLD_OFF_MS = 15 * MINUTE_MS;
const LONGEST_HOLD_OFF_MS = 6 * 60 * MINUTE_MS;

/**
 * What trying again cannot mend, but a person can. Cloudflare blocks an address that keeps coming with credentials
 * which it has refused (its code 9109), so these are tried ever more seldom.
 */
const REFUSED: ReadonlySet<FailureCode> = new Set([
  'ACCESS_REFUSED',
  'ROUTE_REFUSED',
  'FILTER_REFUSED',
  'CONFIG_INVALID',
]);

/** Held by the guard until somebody looks; the schedule looks again as well. */
const UNTRIED: ReadonlySet<FailureCode> = new Set(['HELD']);

/** @param failures - In a row, this one included. */
export function patienceAfter(code: FailureCode, failures: number): Patience {
  if (REFUSED.has(code)) {
    const holdOffMs = grown(FIRST_HOLD_OFF_MS, failures, LONGEST_HOLD_OFF_MS);
    return { retryMs: undefined, holdOffMs };
  }
  if (UNTRIED.has(code)) return { retryMs: undefined, holdOffMs: 0 };
  return { retryMs: grown(FIRST_RETRY_MS, failures, LONGEST_RETRY_MS), holdOffMs: 0 };
}

function grown(first: number, failures: number, longest: number): number {
  return Math.min(longest, first * 2 ** (failures - 1));
}
