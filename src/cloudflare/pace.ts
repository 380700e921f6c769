import PQueue from 'p-queue';
import type { WaitReason } from '../sync/events.ts';
import type { Clock } from '../sync/ports.ts';

export interface PaceOptions {
  /** Requests under way at once. */
  readonly concurrency: number;
  /** At most this many requests start in any period of `intervalMs`. */
  readonly requests: number;
  readonly intervalMs: number;
}

/** What the server says is left of its quota. Source: Cloudflare's `Ratelimit: "default";r=50;t=30` header. */
export interface Quota {
  readonly remaining: number;
  readonly resetMs: number;
}

/**
 * The gate that every single attempt passes, retries included: a sliding window, a bound on
 * concurrency, and pauses that the server asked for. One pacer serves all runs of one credential,
 * because the API counts per user.
 */
export class Pacer {
  readonly #queue: PQueue;
  readonly #clock: Clock;
  readonly #options: PaceOptions;
  readonly #closing = new AbortController();
  /** When each request of the current window started; the oldest first. */
  #starts: number[] = [];
  #resumeAt = 0;
  /** Told when requests begin to wait. One run listens at a time. */
  onWaiting: (reason: WaitReason, waitMs: number) => void = () => undefined;

  constructor(options: PaceOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#queue = new PQueue({
      concurrency: options.concurrency,
      interval: options.intervalMs,
      intervalCap: options.requests,
      strict: true,
    });
    this.#queue.addEventListener('rateLimit', () => this.onWaiting('window', this.#windowWaitMs()));
  }

  /** Runs one attempt when its turn comes. */
  async run<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#queue.add(
      () => {
        this.#starts.push(this.#clock.elapsed());
        if (this.#starts.length > this.#options.requests) this.#starts.shift();
        return attempt();
      },
      { signal },
    );
  }

  /** Lets nothing start for a while. A pause that ends earlier than one under way changes nothing. */
  pause(ms: number, reason: WaitReason): void {
    const resumeAt = this.#clock.elapsed() + ms;
    if (resumeAt <= this.#resumeAt) return;
    const isPaused = this.#queue.isPaused;
    this.#resumeAt = resumeAt;
    this.onWaiting(reason, ms);
    if (isPaused) return;
    this.#queue.pause();
    void this.#resumeWhenDue();
  }

  /** Slows down before the server has to say no: near the end of its quota, waits for the reset. */
  observe(quota: Quota): void {
    if (quota.remaining <= this.#options.concurrency) this.pause(quota.resetMs, 'quota-low');
  }

  /** How many requests the configured window still has. */
  get remaining(): number {
    const horizon = this.#clock.elapsed() - this.#options.intervalMs;
    const expired = this.#starts.findIndex((start) => start > horizon);
    this.#starts = expired === -1 ? [] : this.#starts.slice(expired);
    return Math.max(0, this.#options.requests - this.#starts.length);
  }

  /** Whether requests are held back just now, by the window or by a pause. */
  get isWaiting(): boolean {
    return this.#queue.isPaused || this.#queue.isRateLimited;
  }

  /** How long the pause under way still lasts, in milliseconds; 0 if there is none. */
  get pauseMs(): number {
    return Math.max(0, this.#resumeAt - this.#clock.elapsed());
  }

  /** Ends a pause under way, so that the process can exit. */
  close(): void {
    this.#closing.abort();
  }

  #windowWaitMs(): number {
    const oldest = this.#starts.at(-this.#options.requests) ?? this.#clock.elapsed();
    return Math.max(0, oldest + this.#options.intervalMs - this.#clock.elapsed());
  }

  async #resumeWhenDue(): Promise<void> {
    try {
      for (let left = this.pauseMs; left > 0; left = this.pauseMs) {
        await this.#clock.wait(left, this.#closing.signal);
      }
    } catch {
      // Closed: nothing is going to start any more.
      return;
    }
    this.#queue.start();
  }
}
