import type { WaitReason } from '../sync/events.ts';
import { QuotaShare, type Quota } from './quota-share.ts';
import { LONGEST_STATED_MS, SlidingWindow, type WindowLimits } from './sliding-window.ts';

export interface PaceOptions extends WindowLimits {
  /** Requests under way at once. */
  readonly concurrency: number;
}

/** Why nothing may start, and for how long yet, in milliseconds; 0 if something may. */
export interface Wait {
  readonly reason: WaitReason;
  readonly ms: number;
}

/**
 * Whether one more request may start: by the window that is configured, by our share of the server's quota, and by
 * the pauses that the server asked for. It decides and remembers; it holds nothing back itself.
 */
export class Admission {
  readonly #window: SlidingWindow;
  readonly #share: QuotaShare;
  readonly #elapsed: () => number;
  #limits: PaceOptions;
  #resumeAt = 0;
  #pauseReason: WaitReason = 'throttled';
  /** Whether a pause has ended, and no answer has shown yet that the server is at ease. */
  #isProbing = false;
  #stated: Quota | undefined;
  #statedUntil = 0;

  /** @param elapsed - Milliseconds since some fixed moment. */
  constructor(limits: PaceOptions, elapsed: () => number) {
    this.#limits = limits;
    this.#elapsed = elapsed;
    this.#window = new SlidingWindow(elapsed);
    this.#share = new QuotaShare(this.#window, elapsed);
  }

  /** A request starts, whether it may or not. */
  begin(): void {
    this.#window.begin();
  }

  /** A request that had started is over, however it ended. */
  end(): void {
    this.#window.end();
    if (!this.isPaused) this.#isProbing = false;
  }

  /** @returns Whether the pause changes anything: one that ends earlier than one under way does not. */
  pause(ms: number, reason: WaitReason): boolean {
    if (reason === 'throttled') this.#share.refused(ms);
    const resumeAt = this.#elapsed() + ms;
    if (resumeAt <= this.#resumeAt) return false;
    this.#resumeAt = resumeAt;
    this.#pauseReason = reason;
    this.#isProbing = true;
    return true;
  }

  /**
   * Takes what the server says of its quota.
   *
   * @param sentAt - When the request whose answer states this was sent. It is still under way.
   * @returns For how long to pause, in milliseconds, where nothing better can be made of it; else `undefined`.
   */
  observe(quota: Quota, sentAt: number): number | undefined {
    this.#stated = quota;
    this.#statedUntil = this.#elapsed() + quota.resetMs;
    const { policy, remaining, resetMs } = quota;
    if (policy !== undefined && policy.intervalMs <= LONGEST_STATED_MS) {
      this.#share.observe({ remaining, resetMs, policy }, sentAt);
      return undefined;
    }
    return remaining <= this.#limits.concurrency ? Math.min(resetMs, LONGEST_STATED_MS) : undefined;
  }

  /** Takes other limits. What was sent within the interval still counts, and a pause under way still lasts. */
  reconfigure(limits: PaceOptions): void {
    this.#limits = limits;
  }

  get limits(): WindowLimits {
    return this.#limits;
  }

  /** How many requests the configured window still has. */
  get remaining(): number {
    const { requests, intervalMs } = this.#limits;
    return Math.max(0, requests - this.#window.used(intervalMs));
  }

  /** What the server said last of its quota; `undefined` if it never did, or the quota has been reset since. */
  get stated(): Quota | undefined {
    return this.#elapsed() < this.#statedUntil ? this.#stated : undefined;
  }

  /** How long the configured window alone makes the last of so many more requests wait, in milliseconds. */
  waitMsOf(requests: number): number {
    return this.#window.waitMs(requests, this.#limits);
  }

  get isPaused(): boolean {
    return this.#pauseMs > 0;
  }

  /**
   * How long nothing may start, in milliseconds; 0 if it may, `Infinity` until a request under way ends: where nobody
   * knows how much is left, requests go one by one until an answer tells.
   */
  get heldMs(): number {
    const { ms } = this.wait;
    if (ms > 0) return ms;
    const goesBlind = this.#isProbing || this.#share.isOutdated;
    return goesBlind && this.#window.underWay > 0 ? Infinity : 0;
  }

  /** The longest wait that is known of; none where only an answer is waited for. */
  get wait(): Wait {
    const pause = { reason: this.#pauseReason, ms: this.#pauseMs };
    const window = { reason: 'window', ms: this.#window.fullMs(this.#limits) } as const;
    const share = { reason: 'quota-low', ms: this.#share.fullMs(this.#reserve) } as const;
    return [window, share].reduce((a, b) => (b.ms > a.ms ? b : a), pause);
  }

  get #pauseMs(): number {
    return Math.max(0, this.#resumeAt - this.#elapsed());
  }

  /**
   * Requests that are left alone where others take from the quota. Of those under way nobody knows whether an answer
   * has counted them, nor do others keep to a beat.
   */
  get #reserve(): number {
    return 3 * this.#limits.concurrency;
  }
}
