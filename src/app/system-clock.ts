import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../sync/ports/clock.ts';

/** The longest that one timer of Node.js can wait, about 24.8 days; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  async wait(ms, signal) {
    const until = performance.now() + ms;
    try {
      for (let left = ms; left > 0; left = until - performance.now()) {
        await sleep(Math.min(left, LONGEST_TIMER_MS), undefined, { signal });
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};
