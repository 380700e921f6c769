import { describe, expect, test } from 'vitest';
import { judge, retryWaitMs } from '../../src/notify/retry.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const answer = (status: number, retryAfter?: string) => ({ status, retryAfter });
const noAnswer = { status: undefined, reason: 'ECONNRESET' } as const;

describe('what an answer means', () => {
  test.for([200, 201, 202, 204, 299])('%i: delivered', (status) =>
    expect(judge(answer(status))).toBe('delivered'),
  );
  test.for([408, 425, 429, 500, 502, 503, 504, 520, 599])('%i: it passes', (status) =>
    expect(judge(answer(status))).toBe('passing'),
  );
  test.for([300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 410, 413, 418, 451])(
    '%i: for good',
    (status) => expect(judge(answer(status))).toBe('final'),
  );
  test('none: it passes', () => expect(judge(noAnswer)).toBe('passing'));
});

describe('the wait before the next attempt', () => {
  test('is full jitter, which doubles up to ten minutes', () => {
    const longest = [1, 2, 3, 7, 8, 9].map((attempt) => retryWaitMs(noAnswer, attempt, NOW, 1));
    expect(longest).toEqual([5000, 10_000, 20_000, 320_000, 600_000, 600_000]);
    expect(retryWaitMs(noAnswer, 3, NOW, 0.25)).toBe(5000);
    expect(retryWaitMs(noAnswer, 9, NOW, 0)).toBe(0);
  });

  test.for([
    ['42', 42_000],
    ['Sun, 01 Mar 2026 12:00:10 GMT', 10_000],
    ['86400', 600_000],
    ['99999999999999999999', 600_000],
  ] as const)('is what Retry-After asks for, %s, within bounds', ([retryAfter, ms]) => {
    expect(retryWaitMs(answer(503, retryAfter), 1, NOW, 0)).toBe(ms);
  });

  test.for(['0', 'soon', '-5', '', 'Sun, 01 Mar 2026 11:00:00 GMT'])(
    'is jitter when Retry-After says "%s"',
    (retryAfter) => expect(retryWaitMs(answer(429, retryAfter), 2, NOW, 1)).toBe(10_000),
  );
});
