import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cfRay, quotaLeft, retryAfterMs } from '../../src/cloudflare/headers.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');

describe('retryAfterMs', () => {
  it.each([
    ['0', 0],
    ['30', 30_000],
    [' 300 ', 300_000],
    ['Sun, 01 Mar 2026 12:00:10 GMT', 10_000],
    ['Sunday, 01-Mar-26 12:00:10 GMT', 10_000],
  ])('reads %j', (value, ms) => {
    expect(retryAfterMs({ 'retry-after': value }, NOW)).toBe(ms);
  });

  it('takes a date that has passed for "now"', () => {
    expect(retryAfterMs({ 'retry-after': 'Sun, 01 Mar 2026 11:00:00 GMT' }, NOW)).toBe(0);
  });

  it.each([
    '',
    ' ',
    'soon',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    'in 5',
    '5 minutes',
    '2026-03-02',
    'NaN',
    '٣',
  ])('makes nothing of %j', (value) => {
    expect(retryAfterMs({ 'retry-after': value }, NOW)).toBeUndefined();
  });

  it('takes an absurd number for what it says, so that the deadline decides', () => {
    expect(retryAfterMs({ 'retry-after': '99999999999999999999' }, NOW)).toBe(1e23);
    expect(retryAfterMs({ 'retry-after': '9'.repeat(400) }, NOW)).toBe(Infinity);
  });

  it('is never negative and never NaN', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(retryAfterMs({ 'retry-after': value }, NOW) ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('says nothing without the header, and reads the first of several', () => {
    expect(retryAfterMs({}, NOW)).toBeUndefined();
    expect(retryAfterMs({ 'retry-after': ['7', '9'] }, NOW)).toBe(7000);
  });
});

describe('quotaLeft', () => {
  it('knows the whole of the policy that it names', () => {
    const ratelimit = '"burst";r=9;t=3, "default";r=50;t=30';
    const policy = (value: string) =>
      quotaLeft({ ratelimit, 'ratelimit-policy': value })?.policy ?? 'unknown';
    expect(policy('"default";q=1200;w=300, "burst";q=100;w=60')).toEqual({
      requests: 100,
      intervalMs: 60_000,
    });
    for (const nothing of ['', '"default";q=1200;w=300', '"burst";q=0;w=60', '"burst";q=1'])
      expect(policy(nothing)).toBe('unknown');
  });

  it('goes by the tightest of several policies', () => {
    expect(quotaLeft({ ratelimit: '"default";r=900;t=200, "burst";r=3;t=20' })).toEqual({
      remaining: 3,
      resetMs: 20_000,
    });
  });

  it.each([
    ['"default";r=50;t=30', { remaining: 50, resetMs: 30_000 }],
    ['"default"; r=0; t=1', { remaining: 0, resetMs: 1000 }],
    ['"burst";t=60;r=3', { remaining: 3, resetMs: 60_000 }],
    ['"default";q=100;r=1199;t=300', { remaining: 1199, resetMs: 300_000 }],
  ])('reads %s', (value, quota) => {
    expect(quotaLeft({ ratelimit: value })).toEqual(quota);
  });

  it.each(['', '"default"', '"default";r=50', '"default";t=30', 'r=50, t=30', '"d";r=x;t=y', '50'])(
    'makes nothing of %j',
    (value) => {
      expect(quotaLeft({ ratelimit: value })).toBeUndefined();
    },
  );

  it('says nothing without the header', () => {
    expect(quotaLeft({ 'ratelimit-policy': '"burst";q=100;w=60' })).toBeUndefined();
  });
});

describe('cfRay', () => {
  it('is the id of the request at the edge', () => {
    expect(cfRay({ 'cf-ray': '8a1b2c3d4e5f6789-AMS' })).toBe('8a1b2c3d4e5f6789-AMS');
    expect(cfRay({})).toBeUndefined();
  });

  it('is cut short when it is absurdly long', () => {
    expect(cfRay({ 'cf-ray': 'x'.repeat(10_000) })).toHaveLength(64);
  });
});
