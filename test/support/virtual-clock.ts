import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/sync/ports/clock.ts';

interface Timer {
  /** As {@link VirtualClock.elapsed} counts. */
  readonly at: number;
  readonly fire: () => void;
}

/** A clock that goes only when it is told to, from one timer to the next. */
export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsed = 0;
  /** The time of day when `elapsed` was 0. */
  #start: number;

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const end = (settle: () => void): void => {
        this.#timers.delete(timer);
        signal.removeEventListener('abort', abort);
        settle();
      };
      const abort = (): void => end(() => reject(signal.reason as Error));
      const timer = { at: this.#elapsed + ms, fire: () => end(resolve) };
      this.#timers.add(timer);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** How many wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Somebody sets the time of day. */
  set(now: number): void {
    this.#start = now - this.#elapsed;
  }

  /** The machine sleeps: timers that come due meanwhile fire afterwards, all at once. */
  async sleep(ms: number): Promise<void> {
    this.#elapsed += ms;
    await this.pass(0);
  }

  /** Lets time pass; every timer fires in its turn, and what it sets off is waited for. */
  async pass(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    await turn();
    while (this.step(until)) await turn();
    this.#elapsed = Math.max(this.#elapsed, until);
  }

  /** Goes to the next timer and fires it. @returns Whether there is one up to `until`, as `elapsed` counts. */
  step(until = Infinity): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    if (next === undefined || next.at > until) return false;
    this.#elapsed = Math.max(this.#elapsed, next.at);
    next.fire();
    return true;
  }
}
