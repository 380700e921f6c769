import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Failure } from '../../src/inventory/failure.ts';
import { noticeBody, type Notice } from '../../src/notify/notice.ts';
import { changed, NOTICES, RUN } from './sending.ts';

const read = (file: string): string =>
  readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const document = JSON.parse(read('config/webhook.schema.json')) as z.core.JSONSchema.JSONSchema;
const schema = z.fromJSONSchema(document);
const fits = (payload: unknown): boolean => schema.safeParse(payload).success;

type Payload = Readonly<Record<string, unknown>>;
const payloadOf = (notice: Notice): Payload =>
  JSON.parse(noticeBody(randomUUID(), notice)) as Payload;
const named = NOTICES.map((notice) => [`${notice.event}, ${notice.status}`, notice] as const);

describe('the payload', () => {
  test.for(named)('of %s fits the schema, which knows each of its fields', ([, notice]) => {
    const payload = payloadOf(notice);
    expect(schema.safeParse(payload).error).toBeUndefined();
    expect(Object.keys(document.properties ?? {})).toEqual(
      expect.arrayContaining(Object.keys(payload)),
    );
  });

  test('has the names of the ledger, and nothing that does not apply', () => {
    const failure = new Failure('UNREACHABLE', 'no answer', { hint: 'Wait.' });
    const run = { accountId: 'a', accountName: undefined, runId: 3, mode: 'quick' } as const;
    const endedAt = Date.UTC(2026, 0, 2);
    expect(
      noticeBody('i', { ...run, endedAt, event: 'failed', status: 'incomplete', failure }),
    ).toBe(
      '{"version":1,"id":"i","event":"failed","time":"2026-01-02T00:00:00.000Z","account_id":"a","run_id":3,' +
        '"mode":"quick","status":"incomplete","error_code":"UNREACHABLE","error_message":"no answer","hint":"Wait."}',
    );
  });

  test('tells how many images, and how long it did not work', () => {
    const counts = { listed: 1, added: 0, changed: 0, removed: 0, restored: 0, unchanged: 1 };
    const since = Date.UTC(2026, 0, 1);
    const failures = { count: 2, since };
    const end = { event: 'recovered', status: 'complete', counts, failures } as const;
    expect(payloadOf({ ...RUN, ...end })).toMatchObject({
      counts,
      failures: { count: 2, since: '2026-01-01T00:00:00.000Z' },
    });
  });

  test('stays JSON, and harmless on a terminal, whatever names and messages hold', () => {
    const hostile = 'a"\\\u001b[2J\u009b\u202e\u2028\n\ud800</script>😀{{}}';
    const run = { ...RUN, accountName: hostile };
    const failure = new Failure('API_ERROR', hostile, { hint: hostile });
    const body = noticeBody('i', { ...run, event: 'held', status: 'held', failure });
    expect(body).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
    expect(body.isWellFormed()).toBe(true);
    expect(JSON.parse(body)).toMatchObject({
      account_name: hostile,
      error_message: hostile,
      hint: hostile,
    });
  });
});

describe('the schema refuses', () => {
  const optional = ['account_name', 'hint'];
  const required = NOTICES.map(payloadOf).flatMap((payload) =>
    Object.keys(payload)
      .filter((field) => !optional.includes(field))
      // A run that failed may have no row in the ledger.
      .filter((field) => field !== 'run_id' || payload['event'] !== 'failed')
      .map((field) => [String(payload['event']), field, payload] as const),
  );

  test.for(required)('%s without %s', ([, field, payload]) => {
    const rest = Object.entries(payload).filter(([name]) => name !== field);
    expect(fits(Object.fromEntries(rest))).toBe(false);
  });

  test.for<[string, unknown]>([
    ['version', 2],
    ['id', 'x'],
    ['event', 'other'],
    ['time', 'yesterday'],
    ['account_id', ''],
    ['run_id', 1.5],
    ['mode', 'dry-run'],
    ['status', 'held'],
    ['counts', { listed: 1 }],
  ])('%s that reads %j', ([field, value]) => {
    const payload = payloadOf(changed());
    expect(fits(payload)).toBe(true);
    expect(fits({ ...payload, [field]: value })).toBe(false);
  });
});

describe('docs/webhook.md', () => {
  const text = read('docs/webhook.md');
  const examples = [...text.matchAll(/```json\n(.*?)```/gs)].map(
    ([, json = '']) => JSON.parse(json) as unknown,
  );

  test('has examples that fit the schema', () => {
    expect(examples).toHaveLength(2);
    for (const example of examples) expect(schema.safeParse(example).error).toBeUndefined();
  });

  test('has a row for every field', () => {
    const rows = [...text.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell).join(' ');
    for (const field of Object.keys(document.properties ?? {})) {
      expect(rows).toContain(`\`${field}\``);
    }
  });
});
