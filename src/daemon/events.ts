import type { Failure } from '../inventory/failure.ts';
import type { Counts } from '../inventory/change.ts';
import type { RunMode } from '../sync/ports/stage.ts';
import type { Plan } from './plan.ts';

/** What a run may be begun as. */
export type RunKind = Extract<RunMode, 'full' | 'quick'>;

/** How a run ended. `failure` is set unless it completed. */
export interface RunResult {
  /** `undefined` when not even the ledger could be written. */
  readonly runId: number | undefined;
  /** What was run: a quick run of an account that was never read becomes a full one. */
  readonly mode: RunMode;
  readonly counts: Counts | undefined;
  /** Whether it was the account's first complete run. */
  readonly isBaseline: boolean;
  readonly failure: Failure | undefined;
}

/** What the daemon tells of one account, beside what its runs tell. */
export type AccountEvent =
  | { readonly type: 'daemon.skipped'; readonly mode: RunKind; readonly reason: SkipReason }
  | { readonly type: 'daemon.ended'; readonly mode: RunKind; readonly result: RunResult }
  /** The first failure of a streak, or one that needs somebody's decision. */
  | { readonly type: 'daemon.failing'; readonly mode: RunKind; readonly result: FailedResult }
  | {
      readonly type: 'daemon.recovered';
      readonly mode: RunKind;
      readonly result: RunResult;
      /** How many runs failed before this one. */
      readonly failures: number;
      /** Since when, in milliseconds since 1970. */
      readonly since: number;
    };

export type FailedResult = RunResult & { readonly failure: Failure };

/** Why a run is left out: one is under way, or the account was refused not long ago. */
export type SkipReason = 'busy' | 'refused';

/** Everything that the daemon tells, beside what its runs tell. */
export type DaemonEvent =
  | (AccountEvent & { readonly accountId: string })
  /** No run of the account is under way. `next` is in milliseconds since 1970; `Infinity` for never. */
  | {
      readonly type: 'daemon.scheduled';
      readonly accountId: string;
      readonly mode: RunKind;
      readonly next: number;
    }
  | { readonly type: 'daemon.started'; readonly plan: Plan }
  /** So many times of the schedule went by; one run makes up for them. */
  | { readonly type: 'daemon.missed'; readonly missed: number }
  /** `daemon.stopped` is the last word, when everything has been let go. */
  | { readonly type: 'daemon.stopping' | 'daemon.stopped' };
