import fc from 'fast-check';
import { test } from 'vitest';
import { withoutNetwork } from './drivers.ts';
import { casesOf, stillAccountsAreMirrored, timeoutOf } from './promises.ts';

const cases = casesOf(1000);

test(
  'an account that stands still is mirrored exactly',
  { timeout: timeoutOf(cases) },
  async () => {
    await fc.assert(stillAccountsAreMirrored(withoutNetwork()), cases);
  },
);
