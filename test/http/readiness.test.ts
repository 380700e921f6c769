import { describe, expect, test } from 'vitest';
import { readinessOf } from '../../src/http/readiness.ts';
import { daemonView, NOW } from './served.ts';

const MINUTE = 60_000;

describe('a daemon is ready', () => {
  test('when every account was read completely and recently enough, to the millisecond', () => {
    const view = daemonView({ accountId: 'a', readyUntil: NOW }, { accountId: 'b' });
    const { ready, reason } = readinessOf(view, NOW);
    expect({ ready, reason }).toEqual({
      ready: true,
      reason: "every account's last complete full run is recent enough",
    });
    expect(readinessOf(view, NOW + 1).ready).toBe(false);
  });

  test('also while a run is under way, or the last ones have failed', () => {
    const run = { mode: 'full', message: 'no', hint: undefined, isHeld: false };
    const failing = [{ ...run, count: 3, since: NOW - MINUTE }];
    expect(readinessOf(daemonView({ isRunning: true, failing }), NOW).ready).toBe(true);
  });
});

describe('a daemon is not ready', () => {
  test('without accounts', () => {
    expect(readinessOf(daemonView(), NOW)).toEqual({
      ready: false,
      reason: 'there is no account to read',
      accounts: [],
    });
  });

  test('while one account of several is not, and says which and why', () => {
    const view = daemonView(
      { accountId: 'fresh', lastCompleteAt: NOW - 5 * MINUTE, readyUntil: NOW + MINUTE },
      { accountId: 'old', lastCompleteAt: NOW - 90 * MINUTE, readyUntil: NOW - 30 * MINUTE },
      { accountId: 'new', lastCompleteAt: undefined, readyUntil: undefined },
    );
    expect(readinessOf(view, NOW)).toEqual({
      ready: false,
      reason: '2 of 3 accounts are not ready',
      accounts: [
        {
          account_id: 'fresh',
          ready: true,
          reason: 'the last complete full run ended 5 min ago',
          last_complete_at: new Date(NOW - 5 * MINUTE).toISOString(),
          age_seconds: 300,
        },
        {
          account_id: 'old',
          ready: false,
          reason: 'the last complete full run ended 1 h 30 min ago, more than the allowed 1 h',
          last_complete_at: new Date(NOW - 90 * MINUTE).toISOString(),
          age_seconds: 5400,
        },
        {
          account_id: 'new',
          ready: false,
          reason: 'there has been no complete full run yet',
          last_complete_at: null,
          age_seconds: null,
        },
      ],
    });
  });

  test('with a single account that is not', () => {
    const view = daemonView({ readyUntil: NOW - 1 });
    expect(readinessOf(view, NOW).reason).toBe('1 of 1 accounts is not ready');
  });
});

test('a run that ended in the future, for a clock was set back, is no age below zero', () => {
  const view = daemonView({ lastCompleteAt: NOW + MINUTE, readyUntil: NOW + 2 * MINUTE });
  expect(readinessOf(view, NOW).accounts[0]).toMatchObject({ ready: true, age_seconds: 0 });
});
