import type { Cron } from './cron.ts';

/** What the daemon does, and when. A new configuration brings a new plan. */
export interface Plan {
  readonly crons: {
    readonly full: Cron;
    readonly quick: Cron | undefined;
    readonly housekeeping: Cron;
  };
  readonly timezone: string;
  /** A run that the schedule calls for begins up to this much later, at random. */
  readonly jitterMs: number;
  /** Whether every account that is new to the daemon is read at once. */
  readonly runOnStart: boolean;
  readonly accounts: readonly PlannedAccount[];
}

export interface PlannedAccount {
  readonly id: string;
  /** Accounts with the same name here share a quota. */
  readonly lane: string;
  /** How many accounts of the lane may be read at once. */
  readonly laneWidth: number;
}
