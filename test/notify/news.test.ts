import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/inventory/failure.ts';
import { News, type EndedRun } from '../../src/notify/news.ts';

const NONE = { listed: 9, added: 0, changed: 0, removed: 0, restored: 0, unchanged: 9 };
const failure = new Failure('UNREACHABLE', 'no answer');

/** A daemon's news of runs that end, a minute apart. */
function newsOf() {
  const news = new News();
  let runId = 0;
  const run = (mode: 'full' | 'quick', accountId: string) => {
    runId += 1;
    return { accountId, accountName: undefined, runId, mode, endedAt: runId * 60_000 };
  };
  const told = (ended: EndedRun): string[] => news.of(ended).map(({ event }) => event);
  return {
    news,
    run,
    fails: (
      status: 'failed' | 'incomplete' | 'held' | 'interrupted',
      mode: 'full' | 'quick' = 'full',
      accountId = 'a',
    ) => told({ ...run(mode, accountId), status, failure }),
    completes: (counts = NONE, mode: 'full' | 'quick' = 'full', accountId = 'a') =>
      told({ ...run(mode, accountId), status: 'complete', isBaseline: false, counts }),
  };
}

describe('of runs that fail', () => {
  test('only the first is news, whether it failed or was incomplete', () => {
    const { fails } = newsOf();
    expect(fails('incomplete')).toEqual(['failed']);
    expect(fails('incomplete')).toEqual([]);
    expect(fails('failed')).toEqual([]);
  });

  test('a hold among them is news of its own, once', () => {
    const { fails } = newsOf();
    const told = (['held', 'held', 'failed', 'held', 'failed'] as const).map((status) =>
      fails(status),
    );
    expect(told).toEqual([['held'], [], ['failed'], [], []]);
  });

  test('one that was stopped is none, and does not begin or end anything', () => {
    const { fails, completes } = newsOf();
    expect(fails('interrupted')).toEqual([]);
    expect(completes()).toEqual([]);
    expect(fails('failed')).toEqual(['failed']);
    expect(fails('interrupted')).toEqual([]);
    expect(fails('failed')).toEqual([]);
  });

  test('those of another account or of the other mode are apart', () => {
    const { fails, completes } = newsOf();
    expect(fails('failed', 'full')).toEqual(['failed']);
    expect(fails('failed', 'quick')).toEqual(['failed']);
    expect(fails('failed', 'full', 'b')).toEqual(['failed']);
    expect(completes(NONE, 'quick')).toEqual(['recovered']);
    expect(fails('failed', 'full')).toEqual([]);
  });
});

describe('of runs that complete', () => {
  test('the first after failures is a recovery: how many, and since when', () => {
    const { news, run, fails, completes } = newsOf();
    fails('failed');
    fails('held');
    fails('interrupted');
    fails('incomplete');
    const notices = news.of({
      ...run('full', 'a'),
      status: 'complete',
      isBaseline: false,
      counts: NONE,
    });
    expect(notices).toEqual([
      {
        accountId: 'a',
        accountName: undefined,
        runId: 5,
        mode: 'full',
        endedAt: 300_000,
        status: 'complete',
        event: 'recovered',
        counts: NONE,
        failures: { count: 3, since: 60_000 },
      },
    ]);
    expect(completes()).toEqual([]);
    expect(fails('held')).toEqual(['held']);
  });

  test.for(['added', 'changed', 'removed', 'restored'])('%s images are news', (kind) => {
    expect(newsOf().completes({ ...NONE, [kind]: 1 })).toEqual(['changed']);
  });

  test('changes are told after the recovery', () => {
    const { fails, completes } = newsOf();
    fails('failed');
    expect(completes({ ...NONE, removed: 1 })).toEqual(['recovered', 'changed']);
  });

  test('the images of a baseline are no news', () => {
    const { news, run } = newsOf();
    const counts = { ...NONE, added: 9, unchanged: 0 };
    const baseline = { ...run('full', 'a'), status: 'complete', isBaseline: true, counts } as const;
    expect(news.of(baseline)).toEqual([]);
  });
});
