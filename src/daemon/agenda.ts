import type { Cron } from './cron.ts';

/** What a schedule can call for. */
export type Duty = 'full' | 'quick' | 'housekeeping';

/** What has come due. */
export interface Due {
  readonly duties: ReadonlySet<Duty>;
  /** Earlier times of the same duties that went by, as when the machine slept; 1000 at most. */
  readonly missed: number;
}

/** A clock that is set back by no more than this repeats nothing, in milliseconds. */
const CORRECTION_MS = 600_000;
/** Counting them takes time as well. */
const MOST_MISSED = 1000;

/** When each duty is due next. Times are milliseconds since 1970. */
export class Agenda {
  readonly #crons: ReadonlyMap<Duty, Cron>;
  readonly #next = new Map<Duty, number>();
  /** The time of day when it was last looked at. */
  #seen: number;

  constructor(crons: ReadonlyMap<Duty, Cron>, now: number) {
    this.#crons = crons;
    this.#seen = now;
    this.#planBehind(now);
  }

  /** When a duty is due next; `Infinity` if never. */
  next(duty: Duty): number {
    return this.#next.get(duty) ?? Infinity;
  }

  /** When anything is due next. */
  get earliest(): number {
    return Math.min(Infinity, ...this.#next.values());
  }

  /** Takes what is due by now off the agenda: each duty once, however often it should have been done. */
  take(now: number): Due {
    this.#heed(now);
    const duties = new Set<Duty>();
    let missed = 0;
    for (const [duty, cron] of this.#crons) {
      const due = this.next(duty);
      if (due > now) continue;
      duties.add(duty);
      for (let at = cron.next(due); at <= now && missed < MOST_MISSED; at = cron.next(at)) {
        missed += 1;
      }
      this.#next.set(duty, cron.next(now));
    }
    return { duties, missed };
  }

  /** Plans anew when the clock was set back: what was planned would come too late. */
  #heed(now: number): void {
    const isSetBack = now < this.#seen - CORRECTION_MS;
    if (isSetBack) this.#planBehind(now);
    this.#seen = isSetBack ? now : Math.max(this.#seen, now);
  }

  #planBehind(now: number): void {
    for (const [duty, cron] of this.#crons) this.#next.set(duty, cron.next(now));
  }
}
