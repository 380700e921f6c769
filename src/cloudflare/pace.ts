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

/** Cloudflare counts in windows of five minutes; whoever writes a longer reset means something else by it. */
const LONGEST_RESET_MS = 300_000;

/** What the server says is left of its quota. Source: Cloudflare's `Ratelimit: "default";r=50;t=30` header. */
export interface Quota {
  readonly remaining: number;
  readonly resetMs: number;
}

/**
 * The gate that every single attempt passes, retries included: a sliding window, a bound on
 * concurrency, and pauses that the server asked for. One pacer serves all runs of one credential,
 * because the API counts per user.
 *
 * The window is kept here and not by the queue, whose own goes by the time of day: a clock that is set
 * back by an hour would close it for an hour.
 */
export class Pacer {
  readonly #queue: PQueue;
  readonly #clock: Clock;
  readonly #options: PaceOptions;
  readonly #closing = new AbortController();
  /** When each request of the current window started; the oldest first. */
  #starts: number[] = [];
  #resumeAt = 0;
  #isWindowTold = false;
  /** Told when requests begin to wait. One run listens at a time. */
  onWaiting: (reason: WaitReason, waitMs: number) => void = () => undefined;

  constructor(options: PaceOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#queue = new PQueue({ concurrency: options.concurrency });
  }

  /** Runs one attempt when its turn comes. */
  async run<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.#queue.add(
      () => {
        this.#count();
        return attempt();
      },
      { signal },
    );
    this.#tellOfWindow();
    return turn;
  }

  /** Lets nothing start for a while. A pause that ends earlier than one under way changes nothing. */
  pause(ms: number, reason: WaitReason): void {
    const resumeAt = this.#clock.elapsed() + ms;
    if (resumeAt <= this.#resumeAt) return;
    this.#resumeAt = resumeAt;
    this.onWaiting(reason, ms);
    this.#hold();
  }

  /** Slows down before the server has to say no: near the end of its quota, waits for the reset. */
  observe(quota: Quota): void {
    if (quota.remaining > this.#options.concurrency) return;
    this.pause(Math.min(quota.resetMs, LONGEST_RESET_MS), 'quota-low');
  }

  /** How many requests the configured window still has. */
  get remaining(): number {
    const horizon = this.#clock.elapsed() - this.#options.intervalMs;
    const current = this.#starts.findIndex((start) => start > horizon);
    if (current !== 0) this.#starts = current === -1 ? [] : this.#starts.slice(current);
    return Math.max(0, this.#options.requests - this.#starts.length);
  }

  /** Whether requests are held back just now, by the window or by a pause. */
  get isWaiting(): boolean {
    return this.#queue.isPaused && this.#queue.size > 0;
  }

  /** How long the pause under way still lasts, in milliseconds; 0 if there is none. */
  get pauseMs(): number {
    return Math.max(0, this.#resumeAt - this.#clock.elapsed());
  }

  /** Ends a pause under way, so that the process can exit. */
  close(): void {
    this.#closing.abort();
  }

  /** Counts a request that starts. The last one of the window closes it. */
  #count(): void {
    this.#starts.push(this.#clock.elapsed());
    if (this.remaining > 0) return;
    this.#isWindowTold = false;
    this.#hold();
    this.#tellOfWindow();
  }

  /** A full window is worth telling once, and only when somebody waits for it. */
  #tellOfWindow(): void {
    if (this.#isWindowTold || this.#queue.size === 0 || this.#windowMs === 0) return;
    this.#isWindowTold = true;
    this.onWaiting('window', this.#windowMs);
  }

  /** How long the window stays full, in milliseconds. */
  get #windowMs(): number {
    const [oldest] = this.#starts;
    if (this.remaining > 0 || oldest === undefined) return 0;
    return Math.max(0, oldest + this.#options.intervalMs - this.#clock.elapsed());
  }

  #hold(): void {
    if (this.#queue.isPaused) return;
    this.#queue.pause();
    void this.#resumeWhenDue();
  }

  async #resumeWhenDue(): Promise<void> {
    const heldMs = (): number => Math.max(this.pauseMs, this.#windowMs);
    try {
      for (let left = heldMs(); left > 0; left = heldMs()) {
        await this.#clock.wait(left, this.#closing.signal);
      }
    } catch {
      // Closed: nothing is going to start any more.
      return;
    }
    this.#queue.start();
  }
}
