import { describe, expect, onTestFinished, test } from 'vitest';
import { ApiClient } from '../../src/cloudflare/client.ts';
import { Pacer } from '../../src/cloudflare/pace.ts';
import type { Answer, Transport } from '../../src/cloudflare/transport.ts';
import { Failure } from '../../src/inventory/failure.ts';
import type { RunEvent } from '../../src/sync/events.ts';
import { ImpatientClock } from '../support/clock.ts';

type Step = Partial<Pick<Answer, 'status' | 'headers'>> & { body?: string; error?: Failure };

const OK: Step = { body: '{"success":true,"result":{"n":1}}' };
const throttled = (headers: Answer['headers'] = {}): Step => ({
  status: 429,
  headers,
  body: '{"success":false,"errors":[{"code":971,"message":"slow down"}]}',
});

/** A client of a server that answers these, one after the other, the last one for ever. */
function clientOf(steps: readonly Step[], maxRetries = 5) {
  const clock = new ImpatientClock();
  const events: RunEvent[] = [];
  const statuses: (number | undefined)[] = [];
  let asked = 0;
  const transport: Transport = {
    get: () => {
      const { error, status = 200, headers = {}, body = '' } = steps[asked] ?? steps.at(-1) ?? OK;
      asked += 1;
      if (error !== undefined) return Promise.reject(error);
      return Promise.resolve({ status, headers, body: Buffer.from(body), ms: 1 });
    },
    redact: (text) => text.replaceAll('s3cret', '[secret]'),
    close: () => Promise.resolve(),
  };
  const pacer = new Pacer({ concurrency: 4, requests: 1000, intervalMs: 1000 }, clock);
  onTestFinished(() => pacer.close());
  const emit = (event: RunEvent): void => {
    if (event.type === 'request.finished') statuses.push(event.status);
    else events.push(event);
  };
  const lane = pacer.open((reason, waitMs) => emit({ type: 'sync.waiting', reason, waitMs }));
  // The longest jitter, so that the waits are known.
  const client = new ApiClient({ transport, lane, clock, emit, maxRetries, random: () => 1 });
  const ask = (deadlineMs = Infinity) =>
    client.get(
      'the thing',
      '/x',
      { read: (result) => result },
      {
        signal: new AbortController().signal,
        deadlineAt: clock.elapsed() + deadlineMs,
      },
    );
  return { ask, clock, events, statuses, client };
}

describe('faults that pass', () => {
  test('are tried again after growing waits, up to the limit', async () => {
    const { ask, clock, client } = clientOf([{ status: 500 }], 5);
    await expect(ask()).rejects.toMatchObject({ code: 'API_ERROR' });
    expect(clock.waits).toEqual([500, 1000, 2000, 4000, 8000]);
    expect(client.usage()).toEqual({ requests: 6, retries: 5 });
  });

  test.for([408, 425, 500, 502, 503, 504, 520, 530])('HTTP %i', async (status) => {
    const { ask } = clientOf([{ status }, OK]);
    expect(await ask()).toMatchObject({ value: { n: 1 } });
  });

  test('a reader that does not believe the answer has it asked for again', async () => {
    const { client, clock } = clientOf([OK, OK]);
    let reads = 0;
    const read = (): string => {
      reads += 1;
      if (reads === 1) throw new Failure('BAD_ANSWER', 'half a page');
      return 'whole';
    };
    const limits = { signal: new AbortController().signal, deadlineAt: Infinity };
    expect(await client.get('the thing', '/x', { read }, limits)).toMatchObject({ value: 'whole' });
    expect(clock.waits).toHaveLength(1);
  });

  test('whatever makes an answer unreadable is its own fault', async () => {
    const { client } = clientOf([OK], 1);
    const limits = { signal: new AbortController().signal, deadlineAt: Infinity };
    const read = (): never => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    await expect(client.get('the thing', '/x', { read }, limits)).rejects.toMatchObject({
      code: 'BAD_ANSWER',
      message: 'the thing: the answer cannot be read',
    });
  });

  test('never beyond the deadline', async () => {
    const { ask, client } = clientOf([{ status: 500 }], 100);
    await expect(ask(3000)).rejects.toMatchObject({ code: 'API_ERROR' });
    expect(client.usage().requests).toBe(3);
  });
});

describe('faults that do not pass', () => {
  test.for([
    { status: 401, errors: 10000, code: 'ACCESS_REFUSED' },
    { status: 403, errors: 9109, code: 'ACCESS_REFUSED' },
    { status: 404, errors: 7003, code: 'ROUTE_REFUSED' },
    { status: 400, errors: 5400, code: 'FILTER_REFUSED' },
    { status: 418, errors: 1, code: 'API_ERROR' },
  ])('$status with code $errors is not tried again', async ({ status, errors, code }) => {
    const body = JSON.stringify({ success: false, errors: [{ code: errors, message: 'no' }] });
    const { ask, client } = clientOf([{ status, body }]);
    await expect(ask()).rejects.toMatchObject({ code });
    expect(client.usage()).toEqual({ requests: 1, retries: 0 });
  });

  test('nor is a certificate that nobody vouches for', async () => {
    const cause = Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    const { ask, client } = clientOf([{ error: new Failure('UNREACHABLE', 'tls', { cause }) }]);
    await expect(ask()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(client.usage().requests).toBe(1);
  });

  test('an image that is not there is an answer, not a failure', async () => {
    const body = '{"success":false,"errors":[{"code":5404,"message":"Image not found"}]}';
    const { ask } = clientOf([{ status: 404, body }]);
    expect(await ask()).toBeUndefined();
  });
});

test('every attempt is told with what it came to', async () => {
  const unanswered = { error: new Failure('UNREACHABLE', 'no answer') };
  const { ask, statuses, client } = clientOf([{ status: 500 }, throttled(), unanswered, OK]);
  await ask();
  expect(statuses).toEqual([500, 429, undefined, 200]);
  expect(client.usage().requests).toBe(4);
});

test('what a server quotes of the credentials is not passed on', async () => {
  const body =
    '{"success":false,"errors":[{"code":9109,"message":"Invalid header: Bearer s3cret"}]}';
  const { ask } = clientOf([{ status: 403, body }]);
  const failure: unknown = await ask().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'ACCESS_REFUSED' });
  expect(String(failure)).toContain('Bearer [secret]');
});

test('nor is a part of them, where a long message is cut', async () => {
  const message = `${'x'.repeat(190)} s3cret and more`;
  const body = JSON.stringify({ success: false, errors: [{ code: 9109, message }] });
  const { ask } = clientOf([{ status: 403, body }]);
  const failure: unknown = await ask().catch((error: unknown) => error);
  expect(String(failure)).not.toContain('s3c');
});

describe('the deadline', () => {
  test('that has passed while nothing was throttled is no matter of quota', async () => {
    const { client, clock } = clientOf([OK]);
    const signal = AbortSignal.abort(new Failure('DEADLINE', 'too late'));
    const asking = client.get(
      'the thing',
      '/x',
      { read: (result) => result },
      {
        signal,
        deadlineAt: clock.elapsed() - 1,
      },
    );
    await expect(asking).rejects.toMatchObject({ code: 'DEADLINE' });
  });
});

describe('being throttled', () => {
  test('"in 0 seconds" is no reason to hammer', async () => {
    const { ask, clock } = clientOf([
      ...Array.from({ length: 4 }, () => throttled({ 'retry-after': '0' })),
      OK,
    ]);
    await ask();
    expect(clock.waits).toEqual([1000, 2000, 4000, 8000]);
  });

  test('waits exactly as long as Retry-After says, whatever the number of retries', async () => {
    const steps = Array.from({ length: 20 }, () => throttled({ 'retry-after': '7' }));
    const { ask, clock, events } = clientOf([...steps, OK], 0);
    expect(await ask()).toMatchObject({ value: { n: 1 } });
    expect(clock.waits).toEqual(steps.map(() => 7000));
    expect(events.filter(({ type }) => type === 'sync.waiting')).toHaveLength(20);
  });

  test('waits longer each time when nothing says how long, but never beyond five minutes', async () => {
    const { ask, clock } = clientOf([...Array.from({ length: 12 }, () => throttled()), OK]);
    await ask();
    expect(clock.waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(Math.max(...clock.waits)).toBe(300_000);
  });

  test('a pause longer than the run may take ends it at once', async () => {
    const { ask, events } = clientOf([throttled({ 'retry-after': '99999999999' })]);
    await expect(ask(7_200_000)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(events.filter(({ type }) => type === 'request.retry')).toEqual([]);
  });

  test('a run that has no time for the pause leaves it to the next one of the same user', async () => {
    const { ask, events } = clientOf([throttled({ 'retry-after': '200' }), OK]);
    await expect(ask(1000)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(events).toEqual([{ type: 'sync.waiting', reason: 'throttled', waitMs: 200_000 }]);
  });

  test('a pause that is asked for without reason does not stop a daemon for good', async () => {
    const { ask, clock } = clientOf([throttled({ 'retry-after': '99999999999' }), OK]);
    await expect(ask(1000)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(clock.waits).toEqual([300_000]);
  });

  test('a quota that is nearly used up is waited for before the server has to say no', async () => {
    const headers = { ratelimit: '"default";r=2;t=30' };
    const { ask, clock, events } = clientOf([{ ...OK, headers }, OK]);
    await ask();
    expect(events).toEqual([{ type: 'sync.waiting', reason: 'quota-low', waitMs: 30_000 }]);
    await ask();
    expect(clock.waits).toEqual([30_000]);
  });
});
