import { once } from 'node:events';
import type { Clock } from '../sync/ports/clock.ts';

/** What waits behind a gate; p-queue is one. */
interface Waiting {
  readonly isPaused: boolean;
  pause(): void;
  start(): unknown;
}

export interface GateOptions {
  readonly queue: Waiting;
  readonly clock: Clock;
  /** How long nothing may start, in milliseconds; 0 if it may, `Infinity` as long as nothing changes. */
  readonly heldMs: () => number;
  /** Called after every look that finds the gate still held. It must not throw. */
  readonly onHeld: () => void;
}

/** Stops a queue, and starts it again as soon as it may go on. */
export class Gate {
  readonly #options: GateOptions;
  /** Ends the waiting under way. */
  #alarm = new AbortController();
  #isClosed = false;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get isShut(): boolean {
    return this.#options.queue.isPaused;
  }

  /** Lets nothing start until it may. */
  shut(): void {
    if (this.isShut) return;
    this.#options.queue.pause();
    void this.#openWhenDue();
  }

  /** Something has changed of which it depends for how long the gate is shut. */
  lookAgain(): void {
    this.#alarm.abort();
  }

  /** Ends the waiting, so that the process can exit. What is held starts no more. */
  close(): void {
    this.#isClosed = true;
    this.#alarm.abort();
  }

  async #openWhenDue(): Promise<void> {
    const { queue, heldMs, onHeld } = this.#options;
    // One look at the clock a round: by the next one the wait may be over, with nothing under way to ring the alarm.
    for (let ms = heldMs(); ms > 0 && !this.#isClosed; ms = heldMs()) {
      onHeld();
      await this.#waitUnlessChanged(ms);
    }
    if (!this.#isClosed) queue.start();
  }

  async #waitUnlessChanged(ms: number): Promise<void> {
    const { signal } = (this.#alarm = new AbortController());
    try {
      // The end of a request under way rings the alarm.
      await (ms < Infinity ? this.#options.clock.wait(ms, signal) : once(signal, 'abort'));
    } catch {
      // The limits are others now, an answer has come, or the gate was closed: the next look tells.
    }
  }
}
