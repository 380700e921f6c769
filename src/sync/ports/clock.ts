/** What a run needs of time. Tests inject their own. */
export interface Clock {
  /** Milliseconds since 1970, UTC. For telling the time: somebody may set it. */
  now(): number;
  /** Milliseconds since some fixed moment. For measuring: it never jumps, whatever is done to the time of day. */
  elapsed(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** How long a run may go on. Every request carries it. */
export interface Limits {
  readonly signal: AbortSignal;
  /** As {@link Clock.elapsed} counts; `Infinity` when there is no deadline. */
  readonly deadlineAt: number;
}
