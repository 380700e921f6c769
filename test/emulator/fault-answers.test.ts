import { describe, expect, it } from 'vitest';
import { FAULT_NAMES, SABOTAGES, type WRONG_ANSWERS } from '../../src/emulator/faults.ts';
import { BEARER, IMAGES, startEmulator, type Envelope } from '../support/emulator.ts';

interface Received {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly text: string;
  /** What a server without faults says. */
  readonly right: string;
}

async function suffer(name: keyof typeof WRONG_ANSWERS): Promise<Received> {
  await using server = await startEmulator();
  const init: RequestInit = { headers: BEARER, redirect: 'manual' };
  const right = await (await fetch(server.baseUrl + IMAGES, init)).text();
  server.emulator.faults.add({ name });
  const response = await fetch(server.baseUrl + IMAGES, init);
  const { status, headers } = response;
  return { status, headers, type: headers.get('content-type'), text: await response.text(), right };
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
  throttled: [429, failsWith(971)],
  forbidden: [403, failsWith(9109)],
  'empty-list': [200, succeedsWith({ images: [] })],
  'html-200': [200, isHtml],
  'html-403': [403, isHtml],
  'html-502': [502, isHtml],
  'html-520': [520, isHtml],
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
    expect(received.text).not.toBe(received.right);
    looksRight(received);
  });

  it('is one of the faults that can be named, and so is each sabotage', () => {
    expect(FAULT_NAMES.toSorted()).toEqual(
      [...Object.keys(EXPECTED), ...Object.keys(SABOTAGES)].toSorted(),
    );
  });
});
