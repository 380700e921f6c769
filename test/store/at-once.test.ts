import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { casesOf, timeoutOf } from '../properties/promises.ts';
import { query } from '../support/inventory.ts';
import {
  END,
  FAILED,
  imageOf as image,
  openStore,
  STOPPED,
  type OpenedStore,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { SeveralAccounts, type Step } from './several-accounts.ts';

const ACCOUNTS = 3;

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('begin' as const),
      isDry: fc.boolean(),
      mayResume: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('page' as const),
      images: fc.uniqueArray(
        fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.constantFrom('x', 'y')),
        { maxLength: 4, selector: ([id]) => id },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('publish' as const), areGone: fc.boolean() }),
  },
  fc.record({ what: fc.constantFrom('restart', 'abandon', 'suspend') }),
);

/** A step of one of the accounts, or the end of the process. */
const events = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(fc.nat(ACCOUNTS - 1), steps) },
  { weight: 1, arbitrary: fc.constant('die' as const) },
);

describe('runs of several accounts at once', () => {
  const cases = casesOf(20);

  test(
    'keep out of each other’s way, in whatever order their pages come and their runs end',
    { timeout: timeoutOf(cases) },
    () => {
      fc.assert(
        fc.property(fc.array(events, { minLength: 10, maxLength: 40 }), (all) => {
          using accounts = new SeveralAccounts(ACCOUNTS);
          for (const event of all) {
            if (event === 'die') accounts.die();
            else accounts.do(...event);
            accounts.expectSound();
          }
        }),
        cases,
      );
    },
  );
});

const statuses = (path: string): unknown => query(path, 'SELECT account_id, status FROM runs');

/** Two accounts, both with a run under way. */
function twoUnderWay() {
  const opened: OpenedStore = openStore();
  const one = opened.begin({ accountId: 'one' });
  one.add(pageOf([image('a')]));
  const other = opened.begin({ accountId: 'other' });
  other.add(pageOf([image('a'), image('b')]));
  return { ...opened, one, other };
}

test('a run that begins leaves those of other accounts under way', () => {
  const { path, one, other } = twoUnderWay();
  expect(statuses(path)).toEqual([
    { account_id: 'one', status: 'running' },
    { account_id: 'other', status: 'running' },
  ]);
  expect(one.publish(END)).toMatchObject({ added: 1 });
  expect(other.publish(END)).toMatchObject({ added: 2 });
});

describe('a second run of an account', () => {
  test('is refused while the first is under way, and nothing comes of it', () => {
    const { path, begin, one } = twoUnderWay();
    expect(() => begin({ accountId: 'one' })).toThrow('a run of one is under way already');
    expect(query(path, 'SELECT run_id FROM runs')).toHaveLength(2);
    expect(one.publish(END)).toMatchObject({ added: 1 });
  });

  test.for([
    ['published', ({ one }: ReturnType<typeof twoUnderWay>) => void one.publish(END)],
    ['rehearsed', ({ one }) => void one.rehearse(END, () => undefined)],
    ['abandoned', ({ one }) => one.abandon(END, FAILED)],
    ['suspended', ({ one }) => one.suspend(END, STOPPED)],
  ] as const satisfies readonly [string, (runs: ReturnType<typeof twoUnderWay>) => void][])(
    'may begin when the first was %s, others being under way or not',
    ([, end]) => {
      const runs = twoUnderWay();
      end(runs);
      const second = runs.begin({ accountId: 'one' });
      second.add(pageOf([image('a')]));
      second.publish(END);
      expect(runs.other.publish(END)).toMatchObject({ added: 2 });
      expect(query(runs.path, 'SELECT account_id, id FROM images ORDER BY 1, 2')).toEqual([
        { account_id: 'one', id: 'a' },
        { account_id: 'other', id: 'a' },
        { account_id: 'other', id: 'b' },
      ]);
    },
  );
});
