import { describe, expect, test } from 'vitest';
import { parseCron } from '../../src/daemon/cron.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import type { DaemonEvent, RunKind, RunResult } from '../../src/daemon/events.ts';
import type { Plan } from '../../src/daemon/plan.ts';
import { Failure, type FailureCode } from '../../src/inventory/failure.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 0, 1, 9, 30);

interface PlanText {
  readonly full: string;
  readonly quick: string;
  readonly accounts: readonly string[];
  readonly runOnStart: boolean;
  readonly jitterMs: number;
  readonly lane: (account: string) => string;
  readonly laneWidth: number;
}

function planOf(text: Partial<PlanText>): Plan {
  const { full = '0 * * * *', quick, accounts = ['a'], lane = () => 'user', laneWidth = 4 } = text;
  const cron = (expression: string): Plan['crons']['full'] => parseCron(expression, 'UTC', 'S');
  return {
    crons: {
      full: cron(full),
      quick: quick === undefined ? undefined : cron(quick),
      housekeeping: cron('30 3 * * *'),
    },
    timezone: 'UTC',
    runOnStart: text.runOnStart ?? false,
    jitterMs: text.jitterMs ?? 0,
    accounts: accounts.map((id) => ({ id, lane: lane(id), laneWidth })),
  };
}

interface Working {
  readonly clock: VirtualClock;
  readonly daemon: Daemon;
  /** Every run that was begun, as `09:30 a full`. */
  readonly runs: readonly string[];
  readonly told: readonly DaemonEvent[];
  readonly types: () => readonly string[];
  /** What the next runs of an account come to, or those of one kind (`a quick`); what is not told completes. */
  readonly fail: (runs: string, ...codes: FailureCode[]) => void;
  /** From now on quick runs of an account become full ones. */
  readonly promote: (account: string) => void;
  /** Makes the next runs of an account last until they are released, or are stopped if they heed that. */
  readonly hold: (account: string, heedsStop?: boolean) => () => Promise<void>;
  readonly tidied: () => number;
  readonly stop: () => Promise<void>;
}

/** A daemon at work from 09:30 on. */
function work(text: Partial<PlanText> = {}): Working {
  const clock = new VirtualClock(START);
  const ending = new AbortController();
  const runs: string[] = [];
  const told: DaemonEvent[] = [];
  const failures = new Map<string, FailureCode[]>();
  const held = new Map<string, { released: Promise<undefined>; heedsStop: boolean }>();
  const underWay = new Set<string>();
  const unread = new Set<string>();
  let tidied = 0;

  const run = async (account: string, mode: RunKind, signal: AbortSignal): Promise<RunResult> => {
    runs.push(`${new Date(clock.now()).toISOString().slice(11, 16)} ${account} ${mode}`);
    if (underWay.has(account)) throw new RangeError(`${account} is read twice at once`);
    underWay.add(account);
    const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve));
    const { released, heedsStop = true } = held.get(account) ?? {};
    await (heedsStop ? Promise.race([released, stopped]) : released);
    underWay.delete(account);
    const planned = failures.get(`${account} ${mode}`) ?? failures.get(account);
    const code = signal.aborted && heedsStop ? 'STOPPED' : planned?.shift();
    const failure = code && new Failure(code, 'on purpose');
    return {
      runId: runs.length,
      mode: unread.has(account) ? 'full' : mode,
      counts: undefined,
      isBaseline: false,
      failure,
    };
  };
  const daemon = new Daemon(
    {
      clock,
      run,
      random: () => 0.5,
      tell: (event) => void told.push(event),
      housekeep: () => Promise.resolve(void (tidied += 1)),
    },
    planOf(text),
    ending.signal,
  );
  // A test may still say what the first run comes to.
  const ended = Promise.resolve().then(() => daemon.work());
  return {
    clock,
    daemon,
    runs,
    told,
    types: () => told.map(({ type }) => type.replace('daemon.', '')),
    promote: (account) => void unread.add(account),
    fail: (which, ...codes) => void failures.set(which, codes),
    hold: (account, heedsStop = true) => {
      const release = Promise.withResolvers<undefined>();
      held.set(account, { released: release.promise, heedsStop });
      return async () => {
        held.delete(account);
        release.resolve(undefined);
        await clock.pass(0);
      };
    },
    tidied: () => tidied,
    stop: () => {
      ending.abort();
      return ended;
    },
  };
}

describe('the daemon', () => {
  test('runs at the start and on the schedule, and says when the next run is', async () => {
    const { clock, runs, told, types, stop } = work({ runOnStart: true });
    await clock.pass(HOUR);
    await stop();
    expect(runs).toEqual(['09:30 a full', '10:00 a full']);
    expect(types()).toEqual(['started', 'ended', 'scheduled', 'ended', 'scheduled', 'stopping']);
    expect(told[2]).toMatchObject({ accountId: 'a', mode: 'full', next: START + 30 * MINUTE });
    expect(clock.waiting).toBe(0);
  });

  test('says when it runs next if it does not run at its start', async () => {
    const { types, runs, stop } = work();
    await stop();
    expect(runs).toEqual([]);
    expect(types()).toEqual(['started', 'scheduled', 'stopping']);
  });

  test('makes quick runs between the full ones, and only full ones where both are due', async () => {
    const { clock, runs, stop } = work({ quick: '*/20 * * * *' });
    await clock.pass(HOUR);
    await stop();
    expect(runs).toEqual(['09:40 a quick', '10:00 a full', '10:20 a quick']);
  });

  test('turns a quick run that has not begun into the full one that is due', async () => {
    const { clock, runs, told, stop } = work({ quick: '55 * * * *', jitterMs: 20 * MINUTE });
    await clock.pass(HOUR);
    await stop();
    expect(runs).toEqual(['10:05 a full']);
    expect(told).not.toContainEqual(expect.objectContaining({ type: 'daemon.skipped' }));
  });

  test('leaves out a tick that comes while a run is under way', async () => {
    const { clock, runs, told, hold, stop } = work({ runOnStart: true });
    const release = hold('a');
    await clock.pass(HOUR);
    expect(runs).toEqual(['09:30 a full']);
    expect(told).toContainEqual({
      type: 'daemon.skipped',
      accountId: 'a',
      mode: 'full',
      reason: 'busy',
    });
    await release();
    await clock.pass(HOUR);
    expect(runs).toEqual(['09:30 a full', '11:00 a full']);
    await stop();
  });

  test('waits for the run under way before it ends', async () => {
    const { clock, told, runs, hold, types, stop } = work({ runOnStart: true });
    hold('a');
    await clock.pass(0);
    await stop();
    expect(runs).toHaveLength(1);
    expect(types().at(-1)).toBe('stopping');
    expect(told).not.toContainEqual(expect.objectContaining({ type: 'daemon.failing' }));
  });

  test('starts at random up to the jitter late', async () => {
    const { clock, runs, stop } = work({ jitterMs: 10 * MINUTE });
    await clock.pass(HOUR);
    await stop();
    expect(runs).toEqual(['10:05 a full']);
  });

  test('tidies at its hour, once no run is under way', async () => {
    const { clock, hold, tidied, stop } = work({ full: '20 3 * * *' });
    const release = hold('a');
    await clock.pass(18.5 * HOUR);
    expect(tidied()).toBe(0);
    await release();
    expect(tidied()).toBe(1);
    await stop();
  });

  test('tidies an hour late where no moment is quiet', async () => {
    const { clock, hold, tidied, stop } = work({ full: '20 3 * * *' });
    hold('a');
    await clock.pass(18.9 * HOUR);
    expect(tidied()).toBe(0);
    await clock.pass(0.2 * HOUR);
    expect(tidied()).toBe(1);
    await stop();
  });

  test('is alive as long as it looks at the clock', async () => {
    const { clock, daemon, stop } = work({ full: '0 0 1 1 *' });
    await clock.pass(10 * HOUR);
    expect(daemon.isAlive).toBe(true);
    await stop();
    await clock.pass(HOUR);
    expect(daemon.isAlive).toBe(false);
  });
});

describe('a run that fails', () => {
  test('is tried again after growing waits; what began and what ended is told once', async () => {
    const { clock, runs, told, fail, stop } = work();
    fail('a', 'UNREACHABLE', 'API_ERROR', 'UNREACHABLE');
    await clock.pass(HOUR);
    await stop();
    expect(runs).toEqual(['10:00 a full', '10:01 a full', '10:03 a full', '10:07 a full']);
    const news = told.filter(({ type }) => /failing|recovered/.test(type));
    expect(news).toMatchObject([
      { type: 'daemon.failing', accountId: 'a', mode: 'full', result: { runId: 1 } },
      { type: 'daemon.recovered', failures: 3, since: START + 30 * MINUTE, result: { runId: 4 } },
    ]);
  });

  test('is not tried again where the schedule does so anyway', async () => {
    const { clock, runs, fail, stop } = work({ full: '*/3 * * * *' });
    fail('a', 'UNREACHABLE', 'UNREACHABLE', 'UNREACHABLE');
    await clock.pass(10 * MINUTE);
    await stop();
    expect(runs).toEqual(['09:33 a full', '09:34 a full', '09:36 a full', '09:39 a full']);
  });

  test('says when it is tried again', async () => {
    const { clock, daemon, told, fail, stop } = work();
    fail('a', 'UNREACHABLE');
    await clock.pass(30 * MINUTE);
    expect(told.at(-1)).toMatchObject({ type: 'daemon.scheduled', next: START + 31 * MINUTE });
    expect(daemon.view()).toMatchObject([
      { streaks: [{ mode: 'full', failures: 1 }], next: { mode: 'full' } },
    ]);
    await stop();
  });

  test('with its credentials is left alone, ever longer, until it works', async () => {
    const { clock, runs, told, fail, stop } = work({ full: '*/5 * * * *' });
    fail('a', 'ACCESS_REFUSED', 'ACCESS_REFUSED', 'ACCESS_REFUSED');
    await clock.pass(3 * HOUR);
    await stop();
    expect(runs.slice(0, 5)).toEqual([
      '09:35 a full',
      '09:50 a full',
      '10:20 a full',
      '11:20 a full',
      '11:25 a full',
    ]);
    expect(told.filter(({ type }) => type === 'daemon.failing')).toHaveLength(1);
    expect(told.find(({ type }) => type === 'daemon.scheduled')).toBeDefined();
  });

  test('in another way than before begins with the shortest wait', async () => {
    const { clock, runs, fail, stop } = work({ full: '*/5 * * * *' });
    fail('a', ...Array<FailureCode>(6).fill('UNREACHABLE'), 'ACCESS_REFUSED', 'UNREACHABLE');
    await clock.pass(HOUR);
    await stop();
    expect(runs.slice(6, 9)).toEqual(['09:55 a full', '10:10 a full', '10:11 a full']);
  });

  test('is made up for by a quick one that became a full one', async () => {
    const { clock, daemon, told, fail, promote, stop } = work({ quick: '30 * * * *' });
    promote('a');
    fail('a full', 'HELD');
    await clock.pass(HOUR);
    await stop();
    expect(told).toContainEqual(
      expect.objectContaining({ type: 'daemon.recovered', mode: 'full', failures: 1 }),
    );
    expect(daemon.view()).toMatchObject([{ streaks: [] }]);
  });

  test('is told of each kind of run', async () => {
    const { clock, daemon, fail, stop } = work({ quick: '30 * * * *' });
    fail('a full', 'HELD');
    fail('a quick', 'UNREACHABLE', 'UNREACHABLE');
    await clock.pass(HOUR + 2 * MINUTE);
    expect(daemon.view()).toMatchObject([
      {
        streaks: [
          { mode: 'full', failures: 1, failure: { code: 'HELD' } },
          { mode: 'quick', failures: 2, failure: { code: 'UNREACHABLE' } },
        ],
      },
    ]);
    await stop();
  });

  test('for good leaves the other kind of run to its schedule', async () => {
    const { clock, runs, fail, stop } = work({ quick: '*/5 * * * *' });
    fail('a quick', ...Array<FailureCode>(9).fill('ROUTE_REFUSED'));
    await clock.pass(3 * HOUR);
    await stop();
    expect(runs).toEqual([
      '09:35 a quick',
      '09:50 a quick',
      '10:00 a full',
      '10:20 a quick',
      '11:00 a full',
      '11:20 a quick',
      '12:00 a full',
    ]);
  });

  test('by the guard is told even after other failures, and waits for the schedule', async () => {
    const { clock, runs, told, fail, stop } = work();
    fail('a', 'UNREACHABLE', 'HELD', 'HELD');
    await clock.pass(2 * HOUR);
    await stop();
    expect(runs).toEqual(['10:00 a full', '10:01 a full', '11:00 a full']);
    const failing = told.flatMap((event) =>
      event.type === 'daemon.failing' ? [event.result.failure.code] : [],
    );
    expect(failing).toEqual(['UNREACHABLE', 'HELD']);
  });

  test('does not stop the other accounts, nor the other kind of run', async () => {
    const { clock, daemon, runs, fail, stop } = work({ accounts: ['a', 'b'], quick: '30 * * * *' });
    fail('a', 'UNREACHABLE', 'UNREACHABLE');
    await clock.pass(HOUR + 5 * MINUTE);
    await stop();
    expect(runs.filter((run) => run.includes(' b '))).toEqual(['10:00 b full', '10:30 b quick']);
    expect(runs.filter((run) => run.includes(' a '))).toEqual([
      '10:00 a full',
      '10:01 a full',
      '10:03 a full',
      '10:30 a quick',
    ]);
    expect(daemon.view().map(({ streaks }) => streaks)).toEqual([[], []]);
  });
});

describe('several accounts', () => {
  test('of one user are read a few at a time, those of others beside them', async () => {
    const { clock, runs, hold, stop } = work({
      accounts: ['a1', 'a2', 'a3', 'b1'],
      lane: (id) => id.slice(0, 1),
      laneWidth: 2,
    });
    const releases = ['a1', 'a2', 'a3', 'b1'].map((account) => hold(account));
    await clock.pass(30 * MINUTE);
    expect(runs).toEqual(['10:00 a1 full', '10:00 a2 full', '10:00 b1 full']);
    await releases[1]?.();
    expect(runs.at(-1)).toBe('10:00 a3 full');
    await stop();
  });
});

describe('a new plan', () => {
  test('takes over the schedule, and lets runs under way end', async () => {
    const { clock, daemon, runs, hold, types, stop } = work({ runOnStart: true });
    const release = hold('a');
    await clock.pass(0);
    daemon.apply(planOf({ full: '45 * * * *', runOnStart: true }));
    await release();
    expect(types()).toContain('ended');
    await clock.pass(HOUR);
    await stop();
    expect(runs).toEqual(['09:30 a full', '09:45 a full']);
    expect(clock.waiting).toBe(0);
  });

  test('begins with the accounts that are new, and ends with those that are gone', async () => {
    const { clock, daemon, runs, hold, stop } = work({ accounts: ['a', 'b'], runOnStart: true });
    hold('a');
    await clock.pass(0);
    daemon.apply(planOf({ accounts: ['b', 'c'], runOnStart: true }));
    await clock.pass(30 * MINUTE);
    await stop();
    expect(runs).toEqual([
      '09:30 a full',
      '09:30 b full',
      '09:30 c full',
      '10:00 b full',
      '10:00 c full',
    ]);
  });

  test('with an account that is back waits until its last run has been stopped', async () => {
    const { clock, daemon, runs, hold, stop } = work({ accounts: ['a', 'b'], runOnStart: true });
    const release = hold('a', false);
    await clock.pass(0);
    daemon.apply(planOf({ accounts: ['b'], runOnStart: true }));
    daemon.apply(planOf({ accounts: ['a', 'b'], runOnStart: true }));
    await clock.pass(MINUTE);
    daemon.apply(planOf({ accounts: ['b'], runOnStart: true }));
    daemon.apply(planOf({ accounts: ['a', 'b'], runOnStart: true }));
    await clock.pass(MINUTE);
    expect(runs).toEqual(['09:30 a full', '09:30 b full']);
    await release();
    expect(runs.slice(2)).toEqual(['09:32 a full']);
    await stop();
  });

  test('with an account that is gone says nothing of its next run', async () => {
    const { clock, daemon, told, types, hold, stop } = work({ runOnStart: true });
    const release = hold('a', false);
    await clock.pass(0);
    daemon.apply(planOf({ accounts: ['b'] }));
    await release();
    await stop();
    expect(types()).toContain('ended');
    const scheduled = told.flatMap((event) =>
      event.type === 'daemon.scheduled' ? [event.accountId] : [],
    );
    expect(scheduled).toEqual(['b']);
  });

  test('loses nothing that came due just before it', async () => {
    const { clock, daemon, runs, stop } = work();
    await clock.pass(0);
    clock.set(START + 30 * MINUTE);
    daemon.apply(planOf({}));
    await clock.pass(0);
    expect(runs).toEqual(['10:00 a full']);
    await stop();
  });

  test('is tried at once where something failed, also what was refused', async () => {
    const { clock, daemon, runs, told, fail, stop } = work({ runOnStart: true });
    fail('a', 'ACCESS_REFUSED');
    await clock.pass(MINUTE);
    daemon.apply(planOf({}));
    await clock.pass(MINUTE);
    await stop();
    expect(runs).toEqual(['09:30 a full', '09:31 a full']);
    expect(told).toContainEqual(expect.objectContaining({ type: 'daemon.recovered', failures: 1 }));
  });

  test('tries what failed at once, but not both kinds of run at the same time', async () => {
    const plan = { quick: '40 * * * *', full: '45 * * * *' };
    const { clock, daemon, runs, types, fail, hold, stop } = work(plan);
    fail('a', 'ACCESS_REFUSED', 'ACCESS_REFUSED');
    await clock.pass(20 * MINUTE);
    const release = hold('a');
    daemon.apply(planOf(plan));
    await clock.pass(0);
    expect(runs.slice(2)).toEqual(['09:50 a full']);
    await release();
    await clock.pass(0);
    await stop();
    expect(runs.slice(2)).toEqual(['09:50 a full', '09:50 a quick']);
    expect(types().filter((type) => type === 'recovered')).toHaveLength(2);
  });

  test('that brings an account back waits for its old run to have stopped', async () => {
    const { clock, daemon, runs, hold, types, stop } = work({ runOnStart: true });
    const release = hold('a');
    await clock.pass(0);
    daemon.apply(planOf({ accounts: ['b'] }));
    daemon.apply(planOf({ accounts: ['a'], runOnStart: true }));
    await release();
    await stop();
    expect(types()).not.toContain('failing');
    expect(runs).toEqual(['09:30 a full', '09:30 a full']);
  });

  test('tries one kind of run after the other where both fail', async () => {
    const plan = { quick: '40 * * * *', full: '45 * * * *' };
    const { clock, daemon, runs, told, fail, hold, stop } = work(plan);
    fail('a', 'UNREACHABLE', 'UNREACHABLE', 'UNREACHABLE', 'UNREACHABLE', 'UNREACHABLE');
    await clock.pass(15 * MINUTE);
    const release = hold('a');
    for (let count = 0; count < 2; count += 1) {
      daemon.apply(planOf(plan));
      await clock.pass(0);
    }
    await release();
    await clock.pass(0);
    await stop();
    expect(runs.slice(-3).toSorted()).toEqual(['09:45 a full', '09:45 a full', '09:45 a quick']);
    const messages = told.flatMap((event) =>
      'result' in event ? [event.result.failure?.message ?? 'complete'] : [],
    );
    expect(new Set(messages)).toEqual(new Set(['on purpose', 'complete']));
  });

  test('is tried once, however many came while the run before it failed', async () => {
    const { clock, daemon, runs, fail, hold, stop } = work({ runOnStart: true });
    fail('a', 'ACCESS_REFUSED', 'ACCESS_REFUSED', 'ACCESS_REFUSED');
    await clock.pass(MINUTE);
    const release = hold('a');
    for (let count = 0; count < 5; count += 1) {
      daemon.apply(planOf({}));
      await clock.pass(0);
    }
    await release();
    await clock.pass(MINUTE);
    await stop();
    expect(runs).toEqual(['09:30 a full', '09:31 a full', '09:31 a full']);
  });

  test('is tried at once when a run that began before it is refused', async () => {
    const { clock, daemon, runs, fail, hold, stop } = work({ runOnStart: true });
    fail('a', 'ACCESS_REFUSED');
    const release = hold('a');
    await clock.pass(MINUTE);
    daemon.apply(planOf({}));
    await clock.pass(MINUTE);
    await release();
    await clock.pass(MINUTE);
    await stop();
    expect(runs).toEqual(['09:30 a full', '09:32 a full']);
  });
});
