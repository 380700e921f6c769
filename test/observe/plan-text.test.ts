import { expect, test } from 'vitest';
import { planText } from '../../src/observe/plan-text.ts';

const QUOTA = { requests: 1000, intervalMs: 300_000 };

test.for([
  [1, 0, 'about 1 request, within the 1,000 requests per 5 min'],
  [1002, 300_000, 'about 1,002 requests, 5 min at 1,000 requests per 5 min'],
] as const)('%i requests that wait %i ms', ([requests, waitMs, text]) => {
  expect(planText({ requests, waitMs, quota: QUOTA, isTooLong: false })).toBe(text);
});
