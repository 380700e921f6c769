/** How often something may be asked. */
export interface WindowLimits {
  /** At most this many requests in any period of `intervalMs`. */
  readonly requests: number;
  readonly intervalMs: number;
}

/** Cloudflare counts in windows of five minutes; whoever states a longer one means something else by it. */
export const LONGEST_STATED_MS = 300_000;

/**
 * The requests of the last while, by a clock that nobody sets. They are kept here and not by the queue, whose own
 * goes by the time of day: a clock that is set back by an hour would close it for an hour.
 *
 * A server counts a request when it arrives, which is at some moment between its start and its end. So a request counts
 * here from its start until an interval after its end: however long each of them is on its way, the server never sees more of
 * them within an interval than were let go.
 */
export class SlidingWindow {
  readonly #elapsed: () => number;
  /** The longest interval that was asked for, or may soon be, since the server tells of its own only when it answers. */
  #keptMs = LONGEST_STATED_MS;
  /** When each of the requests ended; the first to end first. */
  #ends: number[] = [];
  /** Requests that have started and not ended. */
  underWay = 0;

  /** @param elapsed - Milliseconds since some fixed moment. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  /** A request starts, whether it fits or not. */
  begin(): void {
    this.underWay += 1;
  }

  /** A request that had started is over, however it ended. */
  end(): void {
    const now = this.#elapsed();
    this.underWay -= 1;
    this.#ends.push(now);
    // Twice as long, since the interval of a request that is answered began before that of now.
    const outdated = this.#endedBy(now - 2 * this.#keptMs);
    if (outdated > 0) this.#ends = this.#ends.slice(outdated);
  }

  /**
   * How many requests count within an interval.
   *
   * @param until - The interval's end: now, or the start of a request that has just been answered. What has started since counts as well.
   */
  used(intervalMs: number, until = this.#elapsed()): number {
    this.#keptMs = Math.max(this.#keptMs, intervalMs);
    return this.underWay + this.#ends.length - this.#endedBy(until - intervalMs);
  }

  /** How long until one more may start, in milliseconds; 0 if it may now. */
  fullMs(limits: WindowLimits): number {
    return this.waitMs(1, limits);
  }

  /** How long until the last of so many more may start, if the others start as soon as they may and end at once. */
  waitMs(more: number, { requests, intervalMs }: WindowLimits): number {
    if (more === 0) return 0;
    const now = this.#elapsed();
    const rounds = Math.floor((more - 1) / requests);
    // Each takes the place of one that leaves the interval; where limits were lowered, there are too many for that.
    const place = this.used(intervalMs) + (more - rounds * requests) - 1 - requests;
    if (place < 0) return rounds * intervalMs;
    const leaving = this.#ends[this.#endedBy(now - intervalMs) + place];
    return (rounds + 1) * intervalMs - (now - (leaving ?? now));
  }

  /** How many ended at a time or before. */
  #endedBy(time: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
