import fc from 'fast-check';
import { test } from 'vitest';
import { withoutNetwork } from './drivers.ts';
import { casesOf, nothingIsLostOrKept, stillAccountsAreMirrored, timeoutOf } from './promises.ts';

const open = withoutNetwork();
const cases = casesOf(1000);
const timeout = timeoutOf(cases);

test('no run removes what was there, or keeps what was gone', { timeout }, async () => {
  await fc.assert(nothingIsLostOrKept(open), cases);
});

test('an account that stands still is mirrored exactly', { timeout }, async () => {
  await fc.assert(stillAccountsAreMirrored(open), cases);
});
