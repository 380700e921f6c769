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

/** What a failure waits for: that it passes, that somebody mends what was refused, or decides about what the guard holds. */
export type Cure = 'time' | 'mending' | 'decision';

export function cureOf(code: FailureCode): Cure {
  if (REFUSED.has(code)) return 'mending';
  return code === 'HELD' ? 'decision' : 'time';
}

/** @param failures - In a row that wait for the same, this one included. */
export function patienceAfter(code: FailureCode, failures: number): Patience {
  switch (cureOf(code)) {
    case 'time':
      return { retryMs: grown(FIRST_RETRY_MS, failures, LONGEST_RETRY_MS), holdOffMs: 0 };
    case 'mending': {
      const holdOffMs = grown(FIRST_HOLD_OFF_MS, failures, LONGEST_HOLD_OFF_MS);
      return { retryMs: undefined, holdOffMs };
    }
    case 'decision':
      // The schedule looks again.
      return { retryMs: undefined, holdOffMs: 0 };
  }
}

function grown(first: number, failures: number, longest: number): number {
  return Math.min(longest, first * 2 ** (failures - 1));
}
