import { describe, expect, onTestFinished, test } from 'vitest';
import { Pacer, type PaceOptions } from '../../src/cloudflare/pace.ts';
import type { Clock } from '../../src/sync/ports/clock.ts';

/** A clock that goes on as soon as nobody has anything left to do but to wait. */
class IdleClock implements Clock {
  readonly #tickMs: number;
  #now = 0;

  /** @param tickMs - What passes between any two looks at the clock. With it, waits end a few ticks early, as timers may. */
  constructor(tickMs = 0) {
    this.#tickMs = tickMs;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    this.#now += this.#tickMs;
    return this.#now;
  }

  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    const until = this.#now + ms - this.#tickMs * 4.5;
    await new Promise(setImmediate);
    signal?.throwIfAborted();
    this.#now = Math.max(this.#now, until);
  }
}

const signal = new AbortController().signal;

/** A pacer of three requests a second, unless told otherwise, when each request started, and what it told. */
function paced(options: Partial<PaceOptions> = {}) {
  const clock = new IdleClock();
  const limits = { concurrency: 8, requests: 3, intervalMs: 1000, ...options };
  const pacer = new Pacer(limits, clock);
  onTestFinished(() => pacer.close());
  const starts: number[] = [];
  const order: string[] = [];
  const told: string[] = [];
  const join = (name: string) => {
    const lane = pacer.open((reason, waitMs) => void told.push(`${name}: ${reason} ${waitMs}`));
    const ask = (times: number, own = signal): Promise<unknown> =>
      Promise.all(
        Array.from({ length: times }, () =>
          lane.run(() => {
            starts.push(clock.elapsed());
            return Promise.resolve(order.push(name));
          }, own),
        ),
      );
    return { lane, ask };
  };
  return { clock, limits, pacer, starts, order, told, join, ...join('a') };
}

test('no more requests start within an interval than may', async () => {
  const { starts, told, ask } = paced();
  await ask(8);
  expect(starts).toEqual([0, 0, 0, 1000, 1000, 1000, 2000, 2000]);
  expect(told).toEqual(['a: window 1000', 'a: window 1000']);
});

test.each([0.01, 0.1, 0.2, 0.5, 1, 3, 7])(
  'a wait that ends between two looks at the clock, %d ms apart, is over',
  async (tickMs) => {
    const clock = new IdleClock(tickMs);
    const pacer = new Pacer({ concurrency: 2, requests: 3, intervalMs: 1000 }, clock);
    onTestFinished(() => pacer.close());
    const lane = pacer.open(() => undefined);
    let done = 0;
    const ask = () => lane.run(() => Promise.resolve((done += 1)), signal);
    await Promise.all(Array.from({ length: 20 }, ask));
    expect(done).toBe(20);
  },
);

test('a reset that no window of the API lasts for is not waited for', () => {
  const { pacer, told } = paced();
  pacer.observe({ remaining: 3, resetMs: 1_790_000_000_000 }, 0);
  expect(pacer.waitMs).toBe(300_000);
  expect(told).toEqual(['a: quota-low 300000']);
});

test('the window slides', async () => {
  const { clock, starts, ask } = paced();
  await ask(1);
  await clock.wait(600);
  await ask(4);
  expect(starts).toEqual([0, 600, 600, 1000, 1600]);
});

test('a full window that nobody waits for is not told', async () => {
  const { pacer, told, lane, ask } = paced();
  await ask(3);
  expect(pacer.remaining).toBe(0);
  expect(lane.isWaiting).toBe(false);
  expect(told).toEqual([]);
});

test('a pause counts beside the window, and the later end of the two is waited for', async () => {
  const { pacer, starts, ask } = paced();
  await ask(2);
  pacer.pause(1500, 'throttled');
  await ask(2);
  expect(starts).toEqual([0, 0, 1500, 1500]);
});

test('after a pause one request goes ahead, and the others wait for its answer', async () => {
  const { clock, pacer, limits, lane } = paced();
  pacer.reconfigure({ ...limits, requests: 1000 });
  pacer.pause(1500, 'throttled');
  const answers: (() => void)[] = [];
  const asking = Array.from({ length: 5 }, () =>
    lane.run(() => new Promise<void>((resolve) => void answers.push(resolve)), signal),
  );
  await clock.wait(2000);
  await clock.wait(0);
  expect(answers).toHaveLength(1);
  answers[0]?.();
  await asking[0];
  await clock.wait(0);
  expect(answers).toHaveLength(5);
  for (const answer of answers) answer();
  await Promise.all(asking);
});

test('an answer that comes within a pause does not end the caution after it', async () => {
  const { clock, pacer, limits, lane } = paced();
  pacer.reconfigure({ ...limits, requests: 1000 });
  const answers: (() => void)[] = [];
  const ask = () =>
    lane.run(() => new Promise<void>((resolve) => void answers.push(resolve)), signal);
  const early = ask();
  pacer.pause(1500, 'throttled');
  answers[0]?.();
  await early;
  const later = [ask(), ask()];
  await clock.wait(2000);
  await clock.wait(0);
  expect(answers).toHaveLength(2);
  answers[1]?.();
  await later[0];
  await clock.wait(0);
  answers[2]?.();
  await Promise.all(later);
});

test('what an answer states of the quota holds back what is asked for before that answer has ended', async () => {
  const { pacer, limits, lane, starts, ask } = paced();
  pacer.reconfigure({ ...limits, requests: 1000 });
  const answer = Promise.withResolvers<undefined>();
  const early = lane.run(() => answer.promise, signal);
  const policy = { requests: 100, intervalMs: 10_000 };
  pacer.observe({ remaining: 0, resetMs: 10_000, policy }, 0);
  const later = ask(1);
  expect(starts).toEqual([]);
  answer.resolve(undefined);
  await Promise.all([early, later]);
  expect(starts).toEqual([10_000]);
});

test('a wait that is soon over is not told, but for a pause', async () => {
  const { clock, pacer, told, ask } = paced();
  await ask(3);
  await clock.wait(995);
  await ask(1);
  expect(told).toEqual([]);
  pacer.pause(5, 'throttled');
  expect(told).toEqual(['a: throttled 5']);
});

test('what the server stated last is remembered', () => {
  const { pacer } = paced();
  expect(pacer.stated).toBeUndefined();
  pacer.observe({ remaining: 900, resetMs: 20_000 }, 0);
  pacer.observe({ remaining: 899, resetMs: 19_000 }, 0);
  expect(pacer.stated).toEqual({ remaining: 899, resetMs: 19_000 });
});

describe('several runs of one user', () => {
  test('take turns, however much one of them asks for at once', async () => {
    const { ask, order, join } = paced({ concurrency: 1, requests: 1000 });
    const lookups = ask(100);
    const pages = join('b').ask(3);
    await Promise.all([lookups, pages]);
    expect(order.slice(0, 8).join('')).toBe('aabababa');
    expect(order).toHaveLength(103);
  });

  test('take turns at every opening of the window', async () => {
    const { ask, starts, order, join } = paced();
    const lookups = ask(9);
    await Promise.all([lookups, join('b').ask(2), join('c').ask(1)]);
    expect(order.join('')).toBe('aaaabcabaaaa');
    expect(starts.filter((start) => start === 1000)).toHaveLength(3);
  });

  test('what is called back waits no longer, and starts never', async () => {
    const { ask, lane, order, join } = paced();
    await join('b').ask(3);
    const stop = new AbortController();
    const called = ask(5, stop.signal);
    expect(lane.isWaiting).toBe(true);
    stop.abort(new Error('enough'));
    await expect(called).rejects.toThrow('enough');
    expect(lane.isWaiting).toBe(false);
    await ask(1);
    expect(order.join('')).toBe('bbba');
  });

  test('are each told why they wait, until they end', async () => {
    const { ask, told, pacer, join } = paced();
    const other = join('b');
    const idle = join('idle');
    idle.lane[Symbol.dispose]();
    await Promise.all([ask(4), other.ask(1)]);
    expect(told.splice(0)).toEqual(['a: window 1000', 'b: window 1000']);
    pacer.pause(5000, 'throttled');
    expect(told.splice(0)).toEqual(['a: throttled 5000', 'b: throttled 5000']);
    other.lane[Symbol.dispose]();
    pacer.pause(6000, 'throttled');
    const late = other.ask(1);
    expect(told).toEqual(['a: throttled 6000']);
    await late;
  });

  test('are told of a pause that began before them, but only if they wait for it', async () => {
    const { told, pacer, join } = paced();
    pacer.pause(5000, 'throttled');
    const late = join('late');
    expect(told.splice(0)).toEqual(['a: throttled 5000']);
    await late.ask(2);
    expect(told).toEqual(['late: throttled 5000']);
  });

  test('do not count the waits of the others as their own', async () => {
    const { ask, lane, join } = paced();
    const other = join('b');
    const asking = ask(4);
    expect([lane.isWaiting, other.lane.isWaiting]).toEqual([true, false]);
    await asking;
  });
});

describe('other limits', () => {
  test('do not forget what was sent', async () => {
    const { pacer, limits, starts, ask } = paced();
    await ask(2);
    pacer.reconfigure({ ...limits, requests: 5 });
    expect(pacer.remaining).toBe(3);
    await ask(4);
    expect(starts).toEqual([0, 0, 0, 0, 0, 1000]);
  });

  test('that are wider let at once go on what waits', async () => {
    const { pacer, limits, starts, ask } = paced();
    const asking = ask(5);
    pacer.reconfigure({ ...limits, requests: 10 });
    await asking;
    expect(starts).toEqual([0, 0, 0, 0, 0]);
  });

  test('that are narrower hold back what they would not have let go', async () => {
    const { clock, pacer, limits, starts, told, ask } = paced({ requests: 10 });
    await ask(2);
    await clock.wait(400);
    await ask(2);
    pacer.reconfigure({ ...limits, requests: 1 });
    expect(pacer.remaining).toBe(0);
    await ask(2);
    expect(starts).toEqual([0, 0, 400, 400, 1400, 2400]);
    expect(told).toEqual(['a: window 1000', 'a: window 1000']);
  });

  test('do not end a pause that the server asked for', async () => {
    const { pacer, limits, starts, ask } = paced();
    pacer.pause(5000, 'throttled');
    const asking = ask(1);
    pacer.reconfigure({ ...limits, requests: 1000 });
    await asking;
    expect(starts).toEqual([5000]);
  });

  test('bound what is under way at once from then on', async () => {
    const { pacer, limits, lane } = paced({ concurrency: 2, requests: 1000 });
    const release = Promise.withResolvers<undefined>();
    let underWay = 0;
    const asking = Array.from({ length: 6 }, () =>
      lane.run(() => {
        underWay += 1;
        return release.promise;
      }, signal),
    );
    expect(underWay).toBe(2);
    pacer.reconfigure({ ...limits, concurrency: 5 });
    expect(underWay).toBe(5);
    release.resolve(undefined);
    await Promise.all(asking);
    expect(underWay).toBe(6);
  });
});
