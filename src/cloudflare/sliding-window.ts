/** How often something may start. */
export interface WindowLimits {
  /** At most this many starts in any period of `intervalMs`. */
  readonly requests: number;
  readonly intervalMs: number;
}

/**
 * A sliding window over the starts of requests, by a clock that nobody sets. It is kept here and not by the queue,
 * whose own goes by the time of day: a clock that is set back by an hour would close it for an hour.
 */
export class SlidingWindow {
  readonly #elapsed: () => number;
  /** May be changed at any time: the starts within the shorter of both intervals still count. */
  limits: WindowLimits;
  /** When each request of the current window started; the oldest first. */
  #starts: number[] = [];

  /** @param elapsed - Milliseconds since some fixed moment. */
  constructor(limits: WindowLimits, elapsed: () => number) {
    this.limits = limits;
    this.#elapsed = elapsed;
  }

  /** Counts a start, whether it fits or not. */
  count(): void {
    this.#starts.push(this.#elapsed());
  }

  /** How many may start now. */
  get remaining(): number {
    const horizon = this.#elapsed() - this.limits.intervalMs;
    const current = this.#starts.findIndex((start) => start > horizon);
    if (current !== 0) this.#starts = current === -1 ? [] : this.#starts.slice(current);
    return Math.max(0, this.limits.requests - this.#starts.length);
  }

  /** How long it stays full, in milliseconds; 0 if it is not. */
  get fullMs(): number {
    const { requests, intervalMs } = this.limits;
    // The window opens when this one leaves it: limits that were lowered may have left too many behind it.
    const last = this.#starts.at(-requests);
    return last === undefined ? 0 : Math.max(0, last + intervalMs - this.#elapsed());
  }
}
