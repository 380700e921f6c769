import PQueue from 'p-queue';
import type { WaitReason } from '../sync/events.ts';
import type { Clock } from '../sync/ports/clock.ts';
import { Admission, type PaceOptions } from './admission.ts';
import { FairQueue, type FairQueueOptions } from './fair-queue.ts';
import { Gate } from './gate.ts';
import type { Quota } from './quota-share.ts';
import type { WindowLimits } from './sliding-window.ts';
import { WaitListeners, type WaitListener } from './wait-listeners.ts';

export type { PaceOptions, WaitListener };

/** One run's way through the gate. After its disposal the run is told nothing more. */
export interface Lane extends Disposable {
  readonly pacer: Pacer;
  /** Whether requests of this lane are held back just now, by the window or by a pause. */
  readonly isWaiting: boolean;
  /** Runs one attempt when its turn comes. */
  run<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/**
 * The gate that every single attempt passes, retries included: a sliding window, our share of the server's quota, a
 * bound on concurrency, and pauses that the server asked for. One pacer serves all runs of one credential,
 * because the API counts per user; each run has a lane, and the lanes take turns.
 */
export class Pacer {
  readonly #queue: PQueue<FairQueue, FairQueueOptions>;
  readonly #admission: Admission;
  readonly #listeners: WaitListeners;
  readonly #gate: Gate;

  constructor(options: PaceOptions, clock: Clock) {
    const { concurrency } = options;
    const queue = new PQueue({ concurrency, queueClass: FairQueue });
    const admission = new Admission(options, () => clock.elapsed());
    const listeners = new WaitListeners(admission);
    const heldMs = (): number => admission.heldMs;
    const onHeld = (): void => listeners.tell((lane) => this.#waitsIn(lane));
    this.#queue = queue;
    this.#admission = admission;
    this.#listeners = listeners;
    this.#gate = new Gate({ queue, clock, heldMs, onHeld });
  }

  /** A lane for one run. @param onWaiting - Told of every wait of the run, once, as long as the lane is open. */
  open(onWaiting: WaitListener): Lane {
    const key = {};
    this.#listeners.add(key, onWaiting);
    const isWaiting = (): boolean => this.#gate.isShut && this.#waitsIn(key);
    return {
      pacer: this,
      get isWaiting() {
        return isWaiting();
      },
      run: (attempt, signal) => this.#run(key, attempt, signal),
      [Symbol.dispose]: () => this.#listeners.remove(key),
    };
  }

  /** Lets nothing start for a while, and says so to everybody. A pause that ends earlier than one under way changes nothing. */
  pause(ms: number, reason: WaitReason): void {
    if (!this.#admission.pause(ms, reason)) return;
    this.#listeners.beginHold();
    this.#listeners.tell();
    this.#gate.shut();
  }

  /**
   * Slows down before the server has to say no.
   *
   * @param sentAt - When the request whose answer states this was sent, as {@link Clock.elapsed} counts. It is still under way.
   */
  observe(quota: Quota, sentAt: number): void {
    const pauseMs = this.#admission.observe(quota, sentAt);
    if (pauseMs !== undefined) this.pause(pauseMs, 'quota-low');
    this.#lookAgain();
  }

  /** Takes other limits. What was sent within the interval still counts, and a pause under way still lasts. */
  reconfigure(options: PaceOptions): void {
    this.#admission.reconfigure(options);
    this.#lookAgain();
    this.#queue.concurrency = options.concurrency;
  }

  /** What the window is limited to. */
  get limits(): WindowLimits {
    return this.#admission.limits;
  }

  /** How many requests the configured window still has. */
  get remaining(): number {
    return this.#admission.remaining;
  }

  /** What the server said last of its quota; `undefined` if it never did, or the quota has been reset since. */
  get stated(): Quota | undefined {
    return this.#admission.stated;
  }

  /** How long nothing may start yet, as far as is known, in milliseconds; 0 if it may, or if only an answer is waited for. */
  get waitMs(): number {
    return this.#admission.wait.ms;
  }

  /** How long the configured window alone makes the last of so many more requests wait, in milliseconds. */
  waitMsOf(requests: number): number {
    return this.#admission.waitMsOf(requests);
  }

  /** Ends a pause under way, so that the process can exit. */
  close(): void {
    this.#gate.close();
  }

  async #run<T>(lane: object, attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.#queue.add(() => this.#start(attempt), { signal, lane });
    if (this.#gate.isShut && this.#waitsIn(lane)) this.#listeners.tellOne(lane);
    return turn;
  }

  async #start<T>(attempt: () => Promise<T>): Promise<T> {
    this.#admission.begin();
    this.#lookAgain();
    try {
      return await attempt();
    } finally {
      this.#admission.end();
      this.#lookAgain();
    }
  }

  #waitsIn(lane: object): boolean {
    return this.#queue.sizeBy({ lane }) > 0;
  }

  /**
   * Something has changed of which it depends whether requests may start. A hold that the server did not ask for is of
   * interest only to whoever waits for its end: the gate tells them when it shuts.
   */
  #lookAgain(): void {
    if (this.#gate.isShut) {
      this.#gate.lookAgain();
    } else if (this.#admission.heldMs > 0) {
      this.#listeners.beginHold();
      this.#gate.shut();
    }
  }
}
