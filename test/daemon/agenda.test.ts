import { describe, expect, test } from 'vitest';
import { Agenda, type Due, type Duty } from '../../src/daemon/agenda.ts';
import { parseCron } from '../../src/daemon/cron.ts';
import { followAgenda } from '../../src/daemon/timetable.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 0, 1, 9, 30);

interface Followed {
  readonly clock: VirtualClock;
  /** What came due: when, and what. */
  readonly due: readonly { readonly at: string; readonly due: Due }[];
  readonly stop: () => Promise<void>;
}

/** Follows an agenda from 09:30 on. */
function follow(schedules: Partial<Record<Duty, string>>): Followed {
  const clock = new VirtualClock(START);
  const crons = Object.entries(schedules).map(([duty, text]) => {
    return [duty as Duty, parseCron(text, 'UTC', 'S')] as const;
  });
  const agenda = new Agenda(new Map(crons), clock.now());
  const due: { at: string; due: Due }[] = [];
  const ending = new AbortController();
  const ended = followAgenda(agenda, clock, ending.signal, (now) => {
    due.push({ at: new Date(clock.now()).toISOString().slice(11, 16), due: now });
  });
  const stop = (): Promise<void> => {
    ending.abort();
    return ended;
  };
  return { clock, due, stop };
}

const duties = ({ due }: { due: Due }): string => [...due.duties].join('+');

describe('the agenda', () => {
  test('calls for each duty at its time, and for those that coincide at once', async () => {
    const { clock, due, stop } = follow({ full: '0 * * * *', quick: '*/20 * * * *' });
    await clock.pass(HOUR);
    await stop();
    expect(due.map((each) => `${each.at} ${duties(each)}`)).toEqual([
      '09:40 quick',
      '10:00 full+quick',
      '10:20 quick',
    ]);
    expect(clock.waiting).toBe(0);
  });

  test('makes up for the times that a sleeping machine missed with one, and says how many', async () => {
    const { clock, due, stop } = follow({ full: '0 * * * *' });
    await clock.sleep(5 * HOUR);
    await clock.pass(30 * MINUTE);
    await stop();
    expect(due.map((each) => [each.at, each.due.missed])).toEqual([
      ['14:30', 4],
      ['15:00', 0],
    ]);
  });

  test('does not count for ever after a year of sleep', async () => {
    const { clock, due, stop } = follow({ full: '* * * * * *' });
    await clock.sleep(365 * 24 * HOUR);
    await stop();
    expect(due[0]?.due.missed).toBe(1000);
  });

  test('follows a clock that was set forward', async () => {
    const { clock, due, stop } = follow({ full: '0 12 * * *' });
    clock.set(Date.UTC(2026, 0, 1, 11, 59));
    await clock.pass(2 * MINUTE);
    await stop();
    expect(due.map(({ at }) => at)).toEqual(['12:00']);
  });

  test('repeats nothing when a clock is corrected by a little', async () => {
    const { clock, due, stop } = follow({ full: '0 * * * *' });
    await clock.pass(30 * MINUTE);
    clock.set(clock.now() - 5 * MINUTE);
    await clock.pass(10 * MINUTE);
    await stop();
    expect(due.map(({ at }) => at)).toEqual(['10:00']);
  });

  test('does not wait for a time that a clock set back has moved far away', async () => {
    const { clock, due, stop } = follow({ full: '0 * * * *' });
    clock.set(START - 365 * 24 * HOUR);
    await clock.pass(HOUR);
    await stop();
    expect(due.map(({ at }) => at)).toEqual(['10:00']);
  });
});
