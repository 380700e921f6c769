import fc from 'fast-check';
import { test } from 'vitest';
import { withoutNetwork } from './drivers.ts';
import { casesOf, nothingIsLostOrKept, timeoutOf } from './promises.ts';

const cases = casesOf(1000);

test(
  'no run removes what was there, or keeps what was gone',
  { timeout: timeoutOf(cases) },
  async () => {
    await fc.assert(nothingIsLostOrKept(withoutNetwork()), cases);
  },
);
