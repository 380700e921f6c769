import { VirtualClock } from './virtual-clock.ts';

/** A clock that is never looked at twice at the same time. Waits end a few looks early, as timers may. */
export class TickingClock extends VirtualClock {
  readonly #tickMs: number;
  #ticked = 0;

  /** @param tickMs - What passes between any two looks. */
  constructor(tickMs: number) {
    super();
    this.#tickMs = tickMs;
  }

  override elapsed(): number {
    this.#ticked += this.#tickMs;
    return super.elapsed() + this.#ticked;
  }

  override wait(ms: number, signal: AbortSignal): Promise<void> {
    return super.wait(Math.max(ms / 2, ms - this.#tickMs * 4.5), signal);
  }
}
