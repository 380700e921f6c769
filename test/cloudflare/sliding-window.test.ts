import { expect, test } from 'vitest';
import { SlidingWindow } from '../../src/cloudflare/sliding-window.ts';
import { seededRandom } from '../support/random.ts';

const LIMITS = { requests: 3, intervalMs: 1000 };

/** A window on a clock that is set by hand. */
function windowAt() {
  const clock = { now: 0 };
  const window = new SlidingWindow(() => clock.now);
  const send = (startsAt: number, endsAt: number): void => {
    clock.now = startsAt;
    window.begin();
    clock.now = endsAt;
    window.end();
  };
  return { clock, window, send };
}

test('a request counts from its start until an interval after its end', () => {
  const { clock, window } = windowAt();
  window.begin();
  clock.now = 5000;
  expect(window.used(1000)).toBe(1);
  window.end();
  clock.now = 5999;
  expect(window.used(1000)).toBe(1);
  clock.now = 6000;
  expect(window.used(1000)).toBe(0);
});

test('what may have been counted when a request was sent is told later on', () => {
  const { clock, window, send } = windowAt();
  send(0, 10);
  clock.now = 1000;
  window.begin();
  clock.now = 1500;
  expect(window.used(1000)).toBe(1);
  expect(window.used(1000, 1000)).toBe(2);
});

test('how long many requests wait is how long they do wait', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededRandom(seed);
    const { clock, window, send } = windowAt();
    for (let sent = random.below(6); sent > 0; sent -= 1) send(clock.now, clock.now + 300);
    for (let sent = random.below(3); sent > 0; sent -= 1) window.begin();
    const begun = clock.now;
    const foretold = [1, 2, 3, 4, 7, 10].map((more) => window.waitMs(more, LIMITS));
    while (window.underWay > 0) window.end();
    const waits: number[] = [];
    for (let more = 1; more <= 10; more += 1) {
      clock.now += window.fullMs(LIMITS);
      waits.push(clock.now - begun);
      send(clock.now, clock.now);
    }
    expect(foretold).toEqual([1, 2, 3, 4, 7, 10].map((more) => waits[more - 1]));
  }
});
