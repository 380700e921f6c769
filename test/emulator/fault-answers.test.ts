import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from '../../src/emulator/choices.ts';
import { SABOTAGES, type WRONG_ANSWERS } from '../../src/emulator/faults.ts';
import { BEARER, IMAGES, startEmulator, type Envelope } from '../support/emulator.ts';

interface Received {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly text: string;
  readonly askedAt: number;
  /** What a server without faults says. */
  readonly right: string;
}

/** Asks without `fetch`, which would follow a redirect and believe a content encoding. */
async function ask(baseUrl: string): Promise<Omit<Received, 'right'>> {
  const askedAt = Date.now();
  const asked = get(baseUrl + IMAGES, { headers: BEARER });
  const [message] = (await once(asked, 'response')) as [IncomingMessage];
  const headers = new Headers(message.headers as Record<string, string>);
  const type = headers.get('content-type');
  return { status: message.statusCode ?? 0, headers, type, askedAt, text: await textOf(message) };
}

async function suffer(name: keyof typeof WRONG_ANSWERS): Promise<Received> {
  await using server = await startEmulator();
  const { text: right } = await ask(server.baseUrl);
  server.emulator.faults.add({ name });
  return { ...(await ask(server.baseUrl)), right };
}

const JSON_TYPE = 'application/json';
const HTML_TYPE = 'text/html; charset=UTF-8';

const envelope = (text: string): Envelope => JSON.parse(text) as Envelope;

function failsWith(code: number) {
  return ({ text, type }: Received): void => {
    expect(type).toBe(JSON_TYPE);
    expect(envelope(text)).toMatchObject({ success: false, errors: [{ code }], result: null });
  };
}

function isHtml({ text, type }: Received): void {
  expect(type).toBe(HTML_TYPE);
  expect(text).toMatch(/^<!DOCTYPE html>/);
}

/** A refusal for asking too often. @param retryAfter - `null` if it does not say how long to wait. */
function throttlesFor(retryAfter: string | null) {
  return (received: Received): void => {
    failsWith(971)(received);
    expect(received.headers.get('retry-after')).toBe(retryAfter);
  };
}

/** A refusal until a date that is 1 to 2 seconds ahead. */
function throttlesUntilSoon(received: Received): void {
  const until = received.headers.get('retry-after') ?? '';
  failsWith(971)(received);
  expect(new Date(until).toUTCString()).toBe(until);
  expect(Date.parse(until)).toBeGreaterThan(received.askedAt + 1000);
  expect(Date.parse(until)).toBeLessThanOrEqual(Date.now() + 2000);
}

/** The right body under other headers. */
function liesWith(name: string, value: string) {
  return ({ text, right, headers }: Received): void => {
    expect(text).toBe(right);
    expect(headers.get(name)).toBe(value);
  };
}

/** A success in every respect but its result. */
function succeedsWith(result: unknown) {
  return ({ text, type }: Received): void => {
    expect(type).toBe(JSON_TYPE);
    expect(envelope(text)).toEqual({ success: true, errors: [], messages: [], result });
  };
}

const EXPECTED: Record<keyof typeof WRONG_ANSWERS, [status: number, (got: Received) => void]> = {
  'error-500': [500, failsWith(10001)],
  'error-200': [200, failsWith(10001)],
  'throttled-200': [200, failsWith(971)],
  throttled: [429, throttlesFor(null)],
  'throttled-date': [429, throttlesUntilSoon],
  'throttled-absurd': [429, throttlesFor('99999999999')],
  'throttled-garbage': [429, throttlesFor('soon')],
  'throttled-zero': [429, throttlesFor('0')],
  'wrong-type': [200, liesWith('content-type', HTML_TYPE)],
  'gzip-lies': [200, liesWith('content-encoding', 'gzip')],
  // A numbered list has no token that could be spoilt.
  'bad-token': [200, ({ text, right }) => expect(text).toBe(right)],
  forbidden: [403, failsWith(9109)],
  'empty-list': [200, succeedsWith({ images: [] })],
  'html-200': [200, isHtml],
  'html-403': [403, isHtml],
  'html-502': [502, isHtml],
  'html-520': [520, isHtml],
  'bad-filter': [400, failsWith(5400)],
  'no-route': [404, failsWith(7003)],
  gone: [410, failsWith(7000)],
  'null-result': [200, succeedsWith(null)],
  'images-object': [200, succeedsWith({ images: {} })],
  'no-id': [200, succeedsWith({ images: [{ filename: 'nameless.png' }] })],
  'success-string': [
    200,
    ({ text, right }) => {
      expect(JSON.parse(text)).toEqual({ ...envelope(right), success: 'true' });
    },
  ],
  truncated: [
    200,
    ({ text, type, right }) => {
      expect(type).toBe(JSON_TYPE);
      expect(right.startsWith(text)).toBe(true);
      expect(text.length).toBeGreaterThan(right.length / 4);
      expect(() => envelope(text)).toThrow(SyntaxError);
    },
  ],
  'empty-body': [
    200,
    ({ text, type, headers }) => {
      expect(type).toBe(JSON_TYPE);
      expect(headers.get('content-length')).toBe('0');
      expect(text).toBe('');
    },
  ],
  redirect: [
    302,
    ({ headers }) => {
      expect(headers.get('location')).toBe('https://example.test/');
    },
  ],
};

describe('a wrong answer', () => {
  it.each(Object.keys(EXPECTED) as (keyof typeof EXPECTED)[])('is what "%s" says', async (name) => {
    const [status, looksRight] = EXPECTED[name];
    const received = await suffer(name);

    expect(received.status).toBe(status);
    looksRight(received);
  });

  it('is one of the faults that can be named, and so is each sabotage', () => {
    expect(FAULT_NAMES.toSorted()).toEqual(
      [...Object.keys(EXPECTED), ...Object.keys(SABOTAGES)].toSorted(),
    );
  });
});
