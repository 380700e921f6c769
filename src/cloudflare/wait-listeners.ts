import type { WaitReason } from '../sync/events.ts';
import type { Admission } from './admission.ts';

/** Told when requests begin to wait. It must not throw. */
export type WaitListener = (reason: WaitReason, waitMs: number) => void;

/** Of the interval. A wait that is shorter is not worth a line: at the edge of the window there is one between any two requests. */
const SHORTEST_TOLD = 0.01;

/** Who is told of which wait: each lane once a hold, which is one time during which nothing starts. */
export class WaitListeners {
  readonly #admission: Admission;
  readonly #listeners = new Map<object, WaitListener>();
  /** Those that know of the hold under way. */
  readonly #knowing = new Set<object>();

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /** @param lane - Whose waits they are, by identity. */
  add(lane: object, listener: WaitListener): void {
    this.#listeners.set(lane, listener);
  }

  remove(lane: object): void {
    this.#listeners.delete(lane);
    this.#knowing.delete(lane);
  }

  /** A hold begins, or another reason for the one under way: whoever was told of the last one is told again. */
  beginHold(): void {
    this.#knowing.clear();
  }

  /** Tells lanes why nothing starts, unless they know, or it is soon over. @param isConcerned - Of a lane; all are, if absent. */
  tell(isConcerned: (lane: object) => boolean = () => true): void {
    for (const lane of this.#listeners.keys()) if (isConcerned(lane)) this.tellOne(lane);
  }

  /** Tells this lane, likewise. */
  tellOne(lane: object): void {
    const listener = this.#listeners.get(lane);
    if (listener === undefined || this.#knowing.has(lane)) return;
    const { reason, ms } = this.#admission.wait;
    if (ms === 0 || this.#isBrief(ms)) return;
    this.#knowing.add(lane);
    listener(reason, ms);
  }

  /** A pause, which the server asked for, is never brief. */
  #isBrief(ms: number): boolean {
    const { isPaused, limits } = this.#admission;
    return !isPaused && ms < SHORTEST_TOLD * limits.intervalMs;
  }
}
