import PQueue from 'p-queue';
import type { WaitReason } from '../sync/events.ts';
import type { Clock } from '../sync/ports.ts';
import { FairQueue, type FairQueueOptions } from './fair-queue.ts';
import { SlidingWindow, type WindowLimits } from './sliding-window.ts';

export interface PaceOptions extends WindowLimits {
  /** Requests under way at once. */
  readonly concurrency: number;
}

/** Cloudflare counts in windows of five minutes; whoever writes a longer reset means something else by it. */
const LONGEST_RESET_MS = 300_000;

/** What the server says is left of its quota. Source: Cloudflare's `Ratelimit: "default";r=50;t=30` header. */
export interface Quota {
  readonly remaining: number;
  readonly resetMs: number;
}

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

/** Why nothing starts for a while. */
interface Hold {
  readonly reason: WaitReason;
}

/**
 * The gate that every single attempt passes, retries included: a sliding window, a bound on
 * concurrency, and pauses that the server asked for. One pacer serves all runs of one credential,
 * because the API counts per user; each run has a lane, and the lanes take turns.
 */
export class Pacer {
  readonly #queue: PQueue<FairQueue, FairQueueOptions>;
  readonly #window: SlidingWindow;
  readonly #clock: Clock;
  readonly #lanes = new Set<Listener>();
  #hold: Hold | undefined;
  #resumeAt = 0;
  #stated: Quota | undefined;
  #statedUntil = 0;
  /** Ends the waiting under way. */
  #alarm = new AbortController();
  #isClosed = false;

  constructor(options: PaceOptions, clock: Clock) {
    this.#clock = clock;
    this.#queue = new PQueue({ concurrency: options.concurrency, queueClass: FairQueue });
    this.#window = new SlidingWindow(options, () => clock.elapsed());
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
    const resumeAt = this.#clock.elapsed() + ms;
    if (resumeAt <= this.#resumeAt) return;
    this.#resumeAt = resumeAt;
    this.#stop({ reason }, this.#lanes);
  }

  /** Slows down before the server has to say no: near the end of its quota, waits for the reset. */
  observe(quota: Quota): void {
    this.#stated = quota;
    this.#statedUntil = this.#clock.elapsed() + quota.resetMs;
    if (quota.remaining > this.#queue.concurrency) return;
    this.pause(Math.min(quota.resetMs, LONGEST_RESET_MS), 'quota-low');
  }

  /** Takes other limits. What has started within the interval still counts, and a pause under way still lasts. */
  reconfigure(options: PaceOptions): void {
    this.#window.limits = options;
    if (this.#hold === undefined) this.#stopIfFull();
    this.#queue.concurrency = options.concurrency;
    this.#alarm.abort();
  }

  /** What the window is limited to. */
  get limits(): WindowLimits {
    return this.#window.limits;
  }

  /** How many requests the configured window still has. */
  get remaining(): number {
    return this.#window.remaining;
  }

  /** What the server said last of its quota; `undefined` if it never did, or the quota has been reset since. */
  get stated(): Quota | undefined {
    return this.#clock.elapsed() < this.#statedUntil ? this.#stated : undefined;
  }

  /** How long the pause under way still lasts, in milliseconds; 0 if there is none. */
  get pauseMs(): number {
    return Math.max(0, this.#resumeAt - this.#clock.elapsed());
  }

  /** Ends a pause under way, so that the process can exit. */
  close(): void {
    this.#isClosed = true;
    this.#alarm.abort();
  }

  async #run<T>(lane: Listener, attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.#queue.add(
      () => {
        this.#window.count();
        this.#stopIfFull();
        return attempt();
      },
      { signal, lane },
    );
    if (this.#waitsIn(lane)) this.#tell(lane);
    return turn;
  }

  #waitsIn(lane: Listener): boolean {
    return this.#queue.sizeBy({ lane }) > 0;
  }

  /** A full window is worth telling only to whoever waits for it. */
  #stopIfFull(): void {
    if (this.#window.remaining > 0) return;
    this.#stop(
      { reason: 'window' },
      [...this.#lanes].filter((lane) => this.#waitsIn(lane)),
    );
  }

  /** Lets nothing start until it may, and tells these lanes why. */
  #stop(hold: Hold, lanes: Iterable<Listener>): void {
    this.#hold = hold;
    for (const lane of lanes) this.#tell(lane);
    if (this.#queue.isPaused) return;
    this.#queue.pause();
    void this.#resumeWhenDue();
  }

  /** Tells a lane why nothing starts, unless it knows. */
  #tell(lane: Listener): void {
    if (this.#hold === undefined || lane.heard === this.#hold || this.#heldMs === 0) return;
    lane.heard = this.#hold;
    lane.onWaiting(this.#hold.reason, this.#heldMs);
  }

  /** How long nothing may start yet, in milliseconds. */
  get #heldMs(): number {
    return Math.max(this.pauseMs, this.#window.fullMs);
  }

  async #resumeWhenDue(): Promise<void> {
    while (this.#heldMs > 0 && !this.#isClosed) await this.#waitUnlessChanged(this.#heldMs);
    // Closed: nothing is going to start any more.
    if (this.#isClosed) return;
    this.#hold = undefined;
    this.#queue.start();
  }

  async #waitUnlessChanged(ms: number): Promise<void> {
    this.#alarm = new AbortController();
    try {
      await this.#clock.wait(ms, this.#alarm.signal);
    } catch {
      // The limits are others now, or the pacer was closed: whoever waits looks again.
    }
  }
}
