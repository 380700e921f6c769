import type { ChangeKind, Counts } from '../inventory/change.ts';

/** What the server is told of the daemon: all of it is read anew, at most once a second. Times are milliseconds since 1970. */
export interface DaemonView {
  readonly version: string;
  readonly startedAt: number;
  readonly accounts: readonly AccountView[];
}

/** What is shown of one account. */
export interface AccountView {
  readonly accountId: string;
  readonly name: string | undefined;
  readonly images: number;
  readonly removedImages: number;
  readonly isRunning: boolean;
  /** When the last complete full run ended; `undefined` if there is none. */
  readonly lastCompleteAt: number | undefined;
  /** Until when that run is recent enough; `undefined` if there is none. */
  readonly readyUntil: number | undefined;
  /** `undefined` when none is due. */
  readonly nextRun: { readonly mode: string; readonly at: number } | undefined;
  /** Of each kind of run that fails, those since the last complete one. */
  readonly failing: readonly FailureStreak[];
  /** The latest first; the last full one is among them. */
  readonly lastRuns: readonly RunView[];
  /** The latest first. */
  readonly lastChanges: readonly ChangeView[];
}

export interface FailureStreak {
  readonly mode: string;
  /** How many, at least 1. */
  readonly count: number;
  /** When the first of them ended. */
  readonly since: number;
  /** What the last of them came to. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** Whether the guard holds it until somebody decides. */
  readonly isHeld: boolean;
}

/** A row of the ledger. */
export interface RunView {
  readonly runId: number;
  readonly mode: string;
  readonly status: string;
  readonly startedAt: number;
  readonly finishedAt: number | undefined;
  readonly counts: Counts;
  readonly errorMessage: string | undefined;
}

/** What a run found of one image. */
export interface ChangeView {
  readonly at: number;
  readonly kind: ChangeKind;
  readonly imageId: string;
  /** The columns that differ. */
  readonly fields: readonly string[];
}
