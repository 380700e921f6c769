import { once } from 'node:events';
import PQueue from 'p-queue';
import type { WaitReason } from '../sync/events.ts';
import type { Clock } from '../sync/ports.ts';
import { FairQueue, type FairQueueOptions } from './fair-queue.ts';
import { QuotaShare, type Quota } from './quota-share.ts';
import { LONGEST_STATED_MS, SlidingWindow, type WindowLimits } from './sliding-window.ts';

export interface PaceOptions extends WindowLimits {
  /** Requests under way at once. */
  readonly concurrency: number;
}

/** Of the interval. A wait that is shorter is not worth a line: at the edge of the window there is one between any two requests. */
const SHORTEST_TOLD = 0.01;

/** Told when requests begin to wait. It must not throw. */
export type WaitListener = (reason: WaitReason, waitMs: number) => void;

/** One run's way through the gate. After its disposal the run is told nothing more. */
export interface Lane extends Disposable {
  readonly pacer: Pacer;
  /** Whether requests of this lane are held back just now, by the window or by a pause. */
  readonly isWaiting: boolean;
  /** Runs one attempt when its turn comes. */
  run<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** Whoever is told of waits, and which one was told last. */
interface Listener {
  readonly onWaiting: WaitListener;
  heard: Hold | undefined;
}

/** One time during which nothing starts; told by its identity. */
type Hold = object;

/**
 * The gate that every single attempt passes, retries included: a sliding window, our share of the server's quota, a
 * bound on concurrency, and pauses that the server asked for. One pacer serves all runs of one credential,
 * because the API counts per user; each run has a lane, and the lanes take turns.
 */
export class Pacer {
  readonly #queue: PQueue<FairQueue, FairQueueOptions>;
  readonly #window: SlidingWindow;
  readonly #share: QuotaShare;
  readonly #clock: Clock;
  readonly #lanes = new Set<Listener>();
  #limits: WindowLimits;
  #hold: Hold | undefined;
  #resumeAt = 0;
  #pauseReason: WaitReason = 'throttled';
  /** Whether a pause has ended, and no answer has shown yet that the server is at ease. */
  #isProbing = false;
  #stated: Quota | undefined;
  #statedUntil = 0;
  /** Ends the waiting under way. */
  #alarm = new AbortController();
  #isClosed = false;

  constructor(options: PaceOptions, clock: Clock) {
    const elapsed = (): number => clock.elapsed();
    this.#clock = clock;
    this.#limits = options;
    this.#queue = new PQueue({ concurrency: options.concurrency, queueClass: FairQueue });
    this.#window = new SlidingWindow(elapsed);
    this.#share = new QuotaShare(this.#window, elapsed);
  }

  /** A lane for one run. @param onWaiting - Told of every wait of the run, once, as long as the lane is open. */
  open(onWaiting: WaitListener): Lane {
    const listener: Listener = { onWaiting, heard: undefined };
    this.#lanes.add(listener);
    const isWaiting = (): boolean => this.#queue.isPaused && this.#waitsIn(listener);
    return {
      pacer: this,
      get isWaiting() {
        return isWaiting();
      },
      run: (attempt, signal) => this.#run(listener, attempt, signal),
      [Symbol.dispose]: () => void this.#lanes.delete(listener),
    };
  }

  /** Lets nothing start for a while. A pause that ends earlier than one under way changes nothing. */
  pause(ms: number, reason: WaitReason): void {
    if (reason === 'throttled') this.#share.refused(ms);
    const resumeAt = this.#clock.elapsed() + ms;
    if (resumeAt <= this.#resumeAt) return;
    this.#resumeAt = resumeAt;
    this.#pauseReason = reason;
    this.#isProbing = true;
    this.#stop(this.#lanes);
  }

  /**
   * Slows down before the server has to say no.
   *
   * @param sentAt - When the request whose answer states this was sent, as {@link Clock.elapsed} counts. It is still under way.
   */
  observe(quota: Quota, sentAt: number): void {
    this.#stated = quota;
    this.#statedUntil = this.#clock.elapsed() + quota.resetMs;
    const { policy, remaining, resetMs } = quota;
    if (policy !== undefined && policy.intervalMs <= LONGEST_STATED_MS) {
      this.#share.observe({ remaining, resetMs, policy }, sentAt);
    } else if (remaining <= this.#queue.concurrency) {
      this.pause(Math.min(resetMs, LONGEST_STATED_MS), 'quota-low');
    }
    this.#lookAgain();
  }

  /** Takes other limits. What was sent within the interval still counts, and a pause under way still lasts. */
  reconfigure(options: PaceOptions): void {
    this.#limits = options;
    this.#stopIfHeld();
    this.#queue.concurrency = options.concurrency;
    this.#alarm.abort();
  }

  /** What the window is limited to. */
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
    return this.#clock.elapsed() < this.#statedUntil ? this.#stated : undefined;
  }

  /** How long nothing may start yet, as far as is known, in milliseconds; 0 if it may, or if only an answer is waited for. */
  get waitMs(): number {
    return this.#wait.ms;
  }

  /** How long the configured window alone makes the last of so many more requests wait, in milliseconds. */
  waitMsOf(requests: number): number {
    return this.#window.waitMs(requests, this.#limits);
  }

  /** Ends a pause under way, so that the process can exit. */
  close(): void {
    this.#isClosed = true;
    this.#alarm.abort();
  }

  async #run<T>(lane: Listener, attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.#queue.add(() => this.#start(attempt), { signal, lane });
    if (this.#waitsIn(lane)) this.#tell(lane);
    return turn;
  }

  async #start<T>(attempt: () => Promise<T>): Promise<T> {
    this.#window.begin();
    this.#stopIfHeld();
    try {
      return await attempt();
    } finally {
      this.#window.end();
      if (this.#pauseMs === 0) this.#isProbing = false;
      this.#lookAgain();
    }
  }

  #waitsIn(lane: Listener): boolean {
    return this.#queue.sizeBy({ lane }) > 0;
  }

  get #pauseMs(): number {
    return Math.max(0, this.#resumeAt - this.#clock.elapsed());
  }

  /**
   * How long nothing may start, in milliseconds; 0 if it may, `Infinity` until a request under way ends: where nobody
   * knows how much is left, requests go one by one until an answer tells.
   */
  get #heldMs(): number {
    const { waitMs } = this;
    if (waitMs > 0) return waitMs;
    const goesBlind = this.#isProbing || this.#share.isOutdated;
    return goesBlind && this.#window.underWay > 0 ? Infinity : 0;
  }

  /** A hold that the server did not ask for is worth telling only to whoever waits for its end. */
  #stopIfHeld(): void {
    if (this.#hold !== undefined || this.#heldMs === 0) return;
    this.#stop([...this.#lanes].filter((lane) => this.#waitsIn(lane)));
  }

  /** Something has changed of which it depends whether requests may start. */
  #lookAgain(): void {
    if (this.#hold === undefined) this.#stopIfHeld();
    else this.#alarm.abort();
  }

  /** Lets nothing start until it may, and tells these lanes why. */
  #stop(lanes: Iterable<Listener>): void {
    this.#hold = {};
    for (const lane of lanes) this.#tell(lane);
    if (this.#queue.isPaused) return;
    this.#queue.pause();
    void this.#resumeWhenDue();
  }

  /** Tells a lane why nothing starts, unless it knows. */
  #tell(lane: Listener): void {
    const { reason, ms } = this.#wait;
    if (this.#hold === undefined || lane.heard === this.#hold || ms === 0) return;
    if (this.#pauseMs === 0 && ms < SHORTEST_TOLD * this.#limits.intervalMs) return;
    lane.heard = this.#hold;
    lane.onWaiting(reason, ms);
  }

  /** The longest wait that is known of. */
  get #wait(): { readonly reason: WaitReason; readonly ms: number } {
    const pause = { reason: this.#pauseReason, ms: this.#pauseMs };
    const window = { reason: 'window', ms: this.#window.fullMs(this.#limits) } as const;
    const share = { reason: 'quota-low', ms: this.#share.fullMs(this.#reserve) } as const;
    return [window, share].reduce((a, b) => (b.ms > a.ms ? b : a), pause);
  }

  /**
   * Requests that are left alone where others take from the quota. Of those under way nobody knows whether an answer
   * has counted them, nor do others keep to a beat.
   */
  get #reserve(): number {
    return 3 * this.#queue.concurrency;
  }

  async #resumeWhenDue(): Promise<void> {
    // One look at the clock a round: by the next one the wait may be over, with nothing under way to ring the alarm.
    for (let ms = this.#heldMs; ms > 0 && !this.#isClosed; ms = this.#heldMs) {
      for (const lane of this.#lanes) if (this.#waitsIn(lane)) this.#tell(lane);
      await this.#waitUnlessChanged(ms);
    }
    // Closed: nothing is going to start any more.
    if (this.#isClosed) return;
    this.#hold = undefined;
    this.#queue.start();
  }

  async #waitUnlessChanged(ms: number): Promise<void> {
    const { signal } = (this.#alarm = new AbortController());
    try {
      // The end of a request under way rings the alarm.
      await (ms < Infinity ? this.#clock.wait(ms, signal) : once(signal, 'abort'));
    } catch {
      // The limits are others now, an answer has come, or the pacer was closed: whoever waits looks again.
    }
  }
}
