import { expect, test } from 'vitest';
import { Figures } from '../../src/app/figures.ts';
import { Failure } from '../../src/inventory/failure.ts';
import { parseExposition } from '../support/exposition.ts';
import { openStore } from '../support/opened-store.ts';

test('the failures in a row are those of the kind of run that failed most', async () => {
  const figures = new Figures(openStore().opened, {
    version: 'test',
    now: () => 0,
    requestsLeft: () => 0,
    databaseBytes: () => ({ database: 0, wal: 0 }),
  });
  figures.show(['acc']);
  const streak = { alike: 1, since: 0, failure: new Failure('UNREACHABLE', 'no luck') };
  const failures = async (full: number, quick: number): Promise<number | undefined> => {
    const streaks = [
      { ...streak, mode: 'full', failures: full } as const,
      { ...streak, mode: 'quick', failures: quick } as const,
    ].filter((kind) => kind.failures > 0);
    const next = { at: Infinity, mode: 'full' } as const;
    figures.noteSchedule({ accountId: 'acc', isBusy: false, next, streaks });
    const families = parseExposition(await figures.metrics.render());
    return families.get('image_inventory_consecutive_failures')?.samples[0]?.value;
  };
  expect([await failures(1, 3), await failures(2, 0), await failures(0, 0)]).toEqual([3, 2, 0]);
});
