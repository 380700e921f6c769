import type { SlidingWindow, WindowLimits } from './sliding-window.ts';

/** What the server says of its quota. Source: Cloudflare's headers `Ratelimit` and `Ratelimit-Policy`. */
export interface Quota {
  readonly remaining: number;
  /** Until more remains, rounded up to whole seconds. */
  readonly resetMs: number;
  /** The whole of it; `undefined` if the server does not say. */
  readonly policy?: WindowLimits | undefined;
}

/**
 * Our share of the server's quota, by what it states: it counts all programs of a user together.
 *
 * What the server has counted beyond our own requests is others'. They are taken to need as much in every interval, so
 * that we send no more than what is left beside them, and wait for our own requests to leave the interval: places that
 * others leave they are likely to take again.
 */
export class QuotaShare {
  readonly #window: SlidingWindow;
  readonly #elapsed: () => number;
  #policy: WindowLimits | undefined;
  /** Requests of others within an interval. */
  #others = 0;
  /** When some of what had been counted is gone. */
  #resetAt = 0;
  /** Until then others are not believed to be fewer. */
  #waryUntil = 0;

  constructor(window: SlidingWindow, elapsed: () => number) {
    this.#window = window;
    this.#elapsed = elapsed;
  }

  /** @param sentAt - When the request whose answer states it was sent. */
  observe({ remaining, resetMs, policy }: Quota, sentAt: number): void {
    this.#policy = policy;
    if (policy === undefined) return;
    const now = this.#elapsed();
    this.#resetAt = now + resetMs;
    // As many of ours as can have been counted, so that none of them is ever taken for another's.
    const ours = this.#window.used(policy.intervalMs, sentAt);
    const others = Math.max(0, policy.requests - remaining - ours);
    this.#others = now < this.#waryUntil ? Math.max(this.#others, others) : others;
  }

  /**
   * A request was refused although there seemed to be room, so others take more than was seen: half, until an interval has shown.
   *
   * @param pauseMs - How long nothing is sent.
   */
  refused(pauseMs: number): void {
    if (this.#policy === undefined) return;
    const { requests, intervalMs } = this.#policy;
    this.#others = Math.max(this.#others, Math.ceil(requests / 2));
    this.#waryUntil = this.#elapsed() + pauseMs + intervalMs;
  }

  /** Whether others take from the quota, and what the server said of it may not be true any more. */
  get isOutdated(): boolean {
    return this.#others > 0 && this.#elapsed() >= this.#resetAt;
  }

  /**
   * How long until one more may start, in milliseconds; 0 if it may now.
   *
   * @param reserve - Requests that are left alone where others take from the same quota.
   */
  fullMs(reserve: number): number {
    if (this.#policy === undefined) return 0;
    const { requests, intervalMs } = this.#policy;
    if (this.#others === 0) return this.#window.fullMs(this.#policy);
    const share = Math.max(1, requests - this.#others - reserve);
    const fullMs = this.#window.fullMs({ requests: share, intervalMs });
    // Once some of what was counted is gone, one more may go and see whether there is room.
    const resetMs = Math.max(0, this.#resetAt - this.#elapsed());
    const lookMs = this.#window.fullMs({ requests: share + 1, intervalMs });
    return Math.min(fullMs, Math.max(resetMs, lookMs));
  }
}
