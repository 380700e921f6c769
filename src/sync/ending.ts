import type { FailureCode } from '../inventory/failure.ts';
import type { RunFailure } from './ports/stage.ts';

/** How a run that did not complete is told and remembered. */
export interface Ending {
  readonly type: 'sync.incomplete' | 'sync.held' | 'sync.failed';
  readonly status: RunFailure['status'];
}

const INCOMPLETE: ReadonlySet<FailureCode> = new Set([
  'RATE_LIMITED',
  'UNREACHABLE',
  'API_ERROR',
  'API_GONE',
  'BAD_ANSWER',
  'ANSWER_TOO_LARGE',
  'LIST_REPEATS',
  'LIST_INCONSISTENT',
  'DEADLINE',
]);

/** What a run's failure makes of the run. */
export function endingOf(code: FailureCode): Ending {
  if (code === 'HELD') return { type: 'sync.held', status: 'held' };
  if (code === 'STOPPED') return { type: 'sync.incomplete', status: 'interrupted' };
  if (INCOMPLETE.has(code)) return { type: 'sync.incomplete', status: 'incomplete' };
  return { type: 'sync.failed', status: 'failed' };
}
