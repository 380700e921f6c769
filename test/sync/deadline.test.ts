import { expect, test } from 'vitest';
import { Failure } from '../../src/inventory/failure.ts';
import { startDeadline } from '../../src/sync/deadline.ts';
import type { Clock } from '../../src/sync/ports/clock.ts';
import type { Source } from '../../src/sync/ports/source.ts';

/** A clock that somebody winds. */
class WoundClock implements Clock {
  readonly asked: number[] = [];
  readonly #waiting: (() => void)[] = [];
  isStopped = false;

  now(): number {
    return 1_000_000;
  }

  elapsed(): number {
    return 500;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    this.asked.push(ms);
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => {
        this.isStopped = true;
        reject(new Error('stopped'));
      });
    });
  }

  async ring(): Promise<void> {
    for (const resolve of this.#waiting) resolve();
    await new Promise(setImmediate);
  }
}

const sourceThat = (isWaiting: boolean): Source => ({
  expected: () => Promise.resolve(undefined),
  plan: () => undefined,
  // eslint-disable-next-line @typescript-eslint/no-empty-function -- a list of nothing
  list: async function* () {},
  newest: () => [],
  find: () => Promise.resolve(undefined),
  canFind: () => true,
  isWaiting: () => isWaiting,
  usage: () => ({ requests: 0, retries: 0 }),
});

test('says when it is, by the clock that nobody sets', () => {
  const clock = new WoundClock();
  using deadline = startDeadline(clock, sourceThat(false), 7000);
  expect(deadline.at).toBe(7500);
  expect(clock.asked).toEqual([7000]);
  expect(deadline.signal.aborted).toBe(false);
});

test.for([
  { isWaiting: false, code: 'DEADLINE', message: 'the list was not read to its end within 7 s' },
  {
    isWaiting: true,
    code: 'RATE_LIMITED',
    message: "the run's 7 s passed while it waited for quota",
  },
])('says whether quota was waited for: $isWaiting', async ({ isWaiting, code, message }) => {
  const clock = new WoundClock();
  using deadline = startDeadline(clock, sourceThat(isWaiting), 7000);
  await clock.ring();
  const reason: unknown = deadline.signal.reason;
  expect(reason).toBeInstanceOf(Failure);
  expect(reason).toMatchObject({ code, message });
  expect((reason as Failure).hint).toContain('IMAGE_INVENTORY_DEADLINE');
});

test('stops its clock when it is not needed any more', async () => {
  const clock = new WoundClock();
  const deadline = startDeadline(clock, sourceThat(false), 7000);
  deadline[Symbol.dispose]();
  await clock.ring();
  expect(clock.isStopped).toBe(true);
  expect(deadline.signal.aborted).toBe(false);
});

test('of 0 never comes', () => {
  const clock = new WoundClock();
  using deadline = startDeadline(clock, sourceThat(false), 0);
  expect(deadline.at).toBe(Infinity);
  expect(clock.asked).toEqual([]);
});
