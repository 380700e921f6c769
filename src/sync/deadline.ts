import { Failure } from '../inventory/failure.ts';
import type { Clock } from './ports/clock.ts';
import type { Source } from './ports/source.ts';

/** The end of a run's time. Disposing of it stops the clock. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** As {@link Clock.elapsed} counts. */
  readonly at: number;
}

/** Aborts when the run's time is over, with a reason that says whether quota was what it waited for. */
export function startDeadline(clock: Clock, source: Source, ms: number): Deadline {
  const expiry = new AbortController();
  const disposal = new AbortController();
  const at = ms === 0 ? Infinity : clock.elapsed() + ms;
  if (ms > 0) {
    clock.wait(ms, disposal.signal).then(
      () => expiry.abort(source.isWaiting() ? outOfQuota(ms) : outOfTime(ms)),
      () => undefined,
    );
  }
  return { signal: expiry.signal, at, [Symbol.dispose]: () => disposal.abort() };
}

function outOfQuota(ms: number): Failure {
  return new Failure('RATE_LIMITED', `the run's ${ms / 1000} s passed while it waited for quota`, {
    hint: 'Raise IMAGE_INVENTORY_DEADLINE, or let fewer programs share this user.',
  });
}

function outOfTime(ms: number): Failure {
  return new Failure('DEADLINE', `the list was not read to its end within ${ms / 1000} s`, {
    hint: 'Raise IMAGE_INVENTORY_DEADLINE.',
  });
}
