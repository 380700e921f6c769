import type { Clock } from '../../src/sync/ports/clock.ts';

/** A clock that stands still until somebody waits; then it is at once as late as they wished. */
export class ImpatientClock implements Clock {
  /** How long was waited for, each time, in milliseconds. */
  readonly waits: number[] = [];
  #now: number;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.waits.push(ms);
    this.#now += ms;
    return Promise.resolve();
  }
}
