import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../src/emulator/rate-limit.ts';

/** The limiter takes the time as an argument, so these tests need no clock. */
function admit(limiter: RateLimiter, now: number): string {
  const admission = limiter.admit(now);
  if ('refusal' in admission) {
    return `refused, retry after ${String(admission.refusal.headers?.['retry-after'])}`;
  }
  return String(admission.headers['ratelimit']);
}

describe('the limit on requests', () => {
  it('says how many are left, and when the first of them comes back', () => {
    const limiter = new RateLimiter({ requests: 3, intervalMs: 10_000 });

    expect(admit(limiter, 0)).toBe('"default";r=2;t=10');
    expect(admit(limiter, 4_000)).toBe('"default";r=1;t=6');
    expect(admit(limiter, 8_500)).toBe('"default";r=0;t=2');
  });

  it('slides: each request counts for one interval of its own', () => {
    const limiter = new RateLimiter({ requests: 2, intervalMs: 1_000 });
    admit(limiter, 0);
    admit(limiter, 900);

    expect(admit(limiter, 1_000)).toBe('"default";r=0;t=1');
    expect(admit(limiter, 1_100)).toMatch('refused');
  });

  it('blocks for one interval, unless another time is named', () => {
    const limiter = new RateLimiter({ requests: 1, intervalMs: 10_000 });
    admit(limiter, 0);

    expect(admit(limiter, 6_000)).toBe('refused, retry after 10');
    expect(admit(limiter, 15_999)).toBe('refused, retry after 1');
    expect(admit(limiter, 16_000)).toBe('"default";r=0;t=10');
  });

  it('blocks even when the window has room again', () => {
    const limiter = new RateLimiter({ requests: 1, intervalMs: 1_000, blockMs: 300_000 });
    admit(limiter, 0);

    expect(admit(limiter, 500)).toBe('refused, retry after 300');
    expect(admit(limiter, 200_500)).toBe('refused, retry after 100');
    expect(admit(limiter, 300_500)).toBe('"default";r=0;t=1');
  });

  it('does not count refused requests, nor let them prolong the block', () => {
    const limiter = new RateLimiter({ requests: 1, intervalMs: 1_000, blockMs: 5_000 });
    admit(limiter, 0);
    for (let now = 100; now < 5_100; now += 100) expect(admit(limiter, now)).toMatch('refused');

    expect(limiter.refused).toBe(50);
    expect(admit(limiter, 5_100)).toBe('"default";r=0;t=1');
    expect(limiter.refused).toBe(50);
  });

  it('asks for whole seconds, rounded up, so that who obeys is not refused again', () => {
    const limiter = new RateLimiter({ requests: 1, intervalMs: 1_000, blockMs: 1_500 });
    admit(limiter, 0);

    expect(admit(limiter, 10)).toBe('refused, retry after 2');
    expect(admit(limiter, 2_010)).toBe('"default";r=0;t=1');
  });
});
