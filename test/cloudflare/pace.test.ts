import { expect, onTestFinished, test } from 'vitest';
import { Pacer } from '../../src/cloudflare/pace.ts';
import type { Clock } from '../../src/sync/ports.ts';

/** A clock that goes on as soon as nobody has anything left to do but to wait. */
class IdleClock implements Clock {
  #now = 0;

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  async wait(ms: number): Promise<void> {
    const until = this.#now + ms;
    await new Promise(setImmediate);
    this.#now = Math.max(this.#now, until);
  }
}

const signal = new AbortController().signal;

/** A pacer of three requests a second, when each request started, and what it told. */
function paced() {
  const clock = new IdleClock();
  const pacer = new Pacer({ concurrency: 8, requests: 3, intervalMs: 1000 }, clock);
  onTestFinished(() => pacer.close());
  const starts: number[] = [];
  const told: string[] = [];
  pacer.onWaiting = (reason, waitMs) => void told.push(`${reason} ${waitMs}`);
  const ask = (times: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: times }, () =>
        pacer.run(() => Promise.resolve(starts.push(clock.elapsed())), signal),
      ),
    );
  return { clock, pacer, starts, told, ask };
}

test('no more requests start within an interval than may', async () => {
  const { starts, told, ask } = paced();
  await ask(8);
  expect(starts).toEqual([0, 0, 0, 1000, 1000, 1000, 2000, 2000]);
  expect(told).toEqual(['window 1000', 'window 1000']);
});

test('a reset that no window of the API lasts for is not waited for', () => {
  const { pacer, told } = paced();
  pacer.observe({ remaining: 3, resetMs: 1_790_000_000_000 });
  expect(pacer.pauseMs).toBe(300_000);
  expect(told).toEqual(['quota-low 300000']);
});

test('the window slides', async () => {
  const { clock, starts, ask } = paced();
  await ask(1);
  await clock.wait(600);
  await ask(4);
  expect(starts).toEqual([0, 600, 600, 1000, 1600]);
});

test('a full window that nobody waits for is not told', async () => {
  const { pacer, told, ask } = paced();
  await ask(3);
  expect(pacer.remaining).toBe(0);
  expect(pacer.isWaiting).toBe(false);
  expect(told).toEqual([]);
});

test('a pause counts beside the window, and the later end of the two is waited for', async () => {
  const { pacer, starts, ask } = paced();
  await ask(2);
  pacer.pause(1500, 'throttled');
  await ask(2);
  expect(starts).toEqual([0, 0, 1500, 1500]);
});
