import fc from 'fast-check';
import { parse } from 'valibot';
import { describe, expect, test } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';
import { parseCron } from '../../src/daemon/cron.ts';

const HOUR = 3_600_000;
const BERLIN = 'Europe/Berlin';

/** The first instants after one, without their seconds. */
function after(expression: string, zone: string, from: string, count: number): string[] {
  const cron = parseCron(expression, zone, 'THE_SETTING');
  const found: string[] = [];
  for (let at = cron.next(Date.parse(from)); found.length < count; at = cron.next(at)) {
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

describe('a schedule', () => {
  test.for([
    [
      'every hour',
      '0 * * * *',
      'UTC',
      '2026-01-31T22:30:00Z',
      ['2026-01-31T23:00', '2026-02-01T00:00'],
    ],
    [
      'a leap day',
      '0 0 29 2 *',
      'UTC',
      '2026-03-01T00:00:00Z',
      ['2028-02-29T00:00', '2032-02-29T00:00'],
    ],
    [
      'the last Friday',
      '0 9 * * 5L',
      'UTC',
      '2026-01-01T00:00:00Z',
      ['2026-01-30T09:00', '2026-02-27T09:00'],
    ],
    [
      'a nickname',
      '@weekly',
      'UTC',
      '2026-01-01T00:00:00Z',
      ['2026-01-04T00:00', '2026-01-11T00:00'],
    ],
    [
      'half an hour off',
      '0 6 * * *',
      'Asia/Kolkata',
      '2026-01-01T00:00:00Z',
      ['2026-01-01T00:30', '2026-01-02T00:30'],
    ],
  ] as const)('finds %s', ([, expression, zone, from, expected]) => {
    expect(after(expression, zone, from, expected.length)).toEqual(expected);
  });

  test('that names days of the month and of the week means either', () => {
    expect(after('0 9 13 * 5', 'UTC', '2026-03-01T00:00:00Z', 4)).toEqual([
      '2026-03-06T09:00',
      '2026-03-13T09:00',
      '2026-03-20T09:00',
      '2026-03-27T09:00',
    ]);
    expect(after('0 9 13 * 5', 'UTC', '2026-04-11T00:00:00Z', 1)).toEqual(['2026-04-13T09:00']);
    expect(after('0 9 */7 * 5', 'UTC', '2026-05-01T12:00:00Z', 2)).toEqual([
      '2026-05-08T09:00',
      '2026-05-15T09:00',
    ]);
  });

  test('that does not come for eight years says so', () => {
    const cron = parseCron('0 0 * 2 1#5', 'UTC', 'S');
    expect(cron.next(Date.UTC(2026, 0, 1))).toBe(Infinity);
  });

  test('counts seconds where it has six fields', () => {
    const cron = parseCron('*/20 * * * * *', BERLIN, 'S');
    expect([cron.next(0), cron.next(20_000), cron.next(59_999)]).toEqual([20_000, 40_000, 60_000]);
  });
});

describe('where the clocks are changed', () => {
  test.for([
    [
      'an hour forward, hourly',
      '0 * * * *',
      BERLIN,
      '2026-03-28T23:30:00Z',
      ['2026-03-29T00:00', '2026-03-29T01:00', '2026-03-29T02:00'],
    ],
    [
      'an hour back, hourly',
      '0 * * * *',
      BERLIN,
      '2026-10-24T23:30:00Z',
      ['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00'],
    ],
    [
      'a time that is left out',
      '30 2 * * *',
      BERLIN,
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:30', '2026-03-30T00:30'],
    ],
    [
      'a time that comes twice',
      '30 2 * * *',
      BERLIN,
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'seen from between the two',
      '30 2 * * *',
      BERLIN,
      '2026-10-25T00:45:00Z',
      ['2026-10-26T01:30'],
    ],
    [
      'half an hour forward',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T12:00:00Z',
      ['2026-10-03T15:45', '2026-10-04T15:15'],
    ],
    [
      'half an hour back, hourly',
      '15 * * * *',
      'Australia/Lord_Howe',
      '2026-04-04T13:30:00Z',
      ['2026-04-04T14:15', '2026-04-04T15:45'],
    ],
    [
      'two that fall together',
      '0,30 2,3 * * *',
      BERLIN,
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00', '2026-03-29T01:30', '2026-03-30T00:00'],
    ],
  ] as const)('%s', ([, expression, zone, from, expected]) => {
    expect(after(expression, zone, from, expected.length)).toEqual(expected);
  });

  test('a year of hours has 8,760 ticks, none lost and none doubled', () => {
    const cron = parseCron('0 * * * *', 'America/New_York', 'S');
    const end = Date.UTC(2027, 0, 1);
    let at = Date.UTC(2026, 0, 1);
    for (let hour = 1; hour <= 8760; hour += 1) {
      const next = cron.next(at);
      expect(next - at).toBe(HOUR);
      at = next;
    }
    expect(at).toBe(end);
  });

  test('a daily time comes once every day of the year, whatever the place', () => {
    const zones = [
      BERLIN,
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Asia/Kolkata',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.nat(23), fc.nat(59), (zone, hour, minute) => {
        const cron = parseCron(`${minute} ${hour} * * *`, zone, 'S');
        let at = cron.next(Date.UTC(2026, 0, 1));
        for (let day = 1; day < 365; day += 1) {
          const next = cron.next(at);
          // A day may be shorter or longer by what the clocks were changed by.
          expect(Math.abs(next - at - 24 * HOUR)).toBeLessThanOrEqual(HOUR);
          at = next;
        }
      }),
      { numRuns: 20 },
    );
  });
});

test.for([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
] as const)('the name %s is allowed, and means %s', ([name, expression]) => {
  const allowed = parse(SETTINGS['schedule.full'].schema, name);
  const [named, written] = [allowed, expression].map((text) =>
    parseCron(text, 'Europe/Paris', 'schedule'),
  );
  for (let at = Date.UTC(2026, 0, 1), ticks = 0; ticks < 50; ticks += 1) {
    const next = written?.next(at) ?? NaN;
    expect(named?.next(at)).toBe(next);
    at = next;
  }
});

test.for(['99 * * * *', '* * *', 'every hour', '0 0 30 2 *'])(
  '%s is refused by its setting',
  (text) => {
    expect(() => parseCron(text, 'UTC', 'THE_SETTING')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(`THE_SETTING is "${text}"`) as string,
      }) as Error,
    );
  },
);
