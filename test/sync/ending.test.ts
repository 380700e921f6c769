import { expect, test } from 'vitest';
import type { FailureCode } from '../../src/inventory/failure.ts';
import { endingOf } from '../../src/sync/ending.ts';

/** What becomes of a run by what went wrong with it. */
const ENDINGS: Readonly<Record<FailureCode, readonly [event: string, status: string]>> = {
  HELD: ['sync.held', 'held'],
  STOPPED: ['sync.incomplete', 'interrupted'],
  RATE_LIMITED: ['sync.incomplete', 'incomplete'],
  UNREACHABLE: ['sync.incomplete', 'incomplete'],
  API_ERROR: ['sync.incomplete', 'incomplete'],
  API_GONE: ['sync.incomplete', 'incomplete'],
  BAD_ANSWER: ['sync.incomplete', 'incomplete'],
  ANSWER_TOO_LARGE: ['sync.incomplete', 'incomplete'],
  LIST_REPEATS: ['sync.incomplete', 'incomplete'],
  LIST_INCONSISTENT: ['sync.incomplete', 'incomplete'],
  DEADLINE: ['sync.incomplete', 'incomplete'],
  USAGE: ['sync.failed', 'failed'],
  CONFIG_INVALID: ['sync.failed', 'failed'],
  DATABASE_UNUSABLE: ['sync.failed', 'failed'],
  DATABASE_TOO_NEW: ['sync.failed', 'failed'],
  DATABASE_MISSING: ['sync.failed', 'failed'],
  DATABASE_LOCKED: ['sync.failed', 'failed'],
  DATABASE_WRITE_FAILED: ['sync.failed', 'failed'],
  EXPORT_FAILED: ['sync.failed', 'failed'],
  DATABASE_DAMAGED: ['sync.failed', 'failed'],
  ACCESS_REFUSED: ['sync.failed', 'failed'],
  ROUTE_REFUSED: ['sync.failed', 'failed'],
  FILTER_REFUSED: ['sync.failed', 'failed'],
  STALE: ['sync.failed', 'failed'],
  UNEXPECTED: ['sync.failed', 'failed'],
};

test.for(Object.entries(ENDINGS))('%s ends a run so', ([code, [type, status]]) => {
  expect(endingOf(code as FailureCode)).toEqual({ type, status });
});
