import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBody, readEnvelope, type Verdict } from '../../src/cloudflare/envelope.ts';

function read(status: number, body: string | Uint8Array): Verdict {
  const bytes = Buffer.from(body);
  const answer = { status, headers: {}, body: bytes, ms: 1 };
  return readEnvelope(answer, parseBody(bytes), (text) => text);
}

function refusal(code: number | undefined, message = 'no'): string {
  return JSON.stringify({
    success: false,
    errors: [{ code, message }],
    messages: [],
    result: null,
  });
}

/** The verdict in a few words: its kind, and the failure's code if there is one. */
function outline(verdict: Verdict): string {
  return 'failure' in verdict ? `${verdict.kind} ${verdict.failure.code}` : verdict.kind;
}

const HTML = '<!DOCTYPE html><html><body>error code: 502</body></html>';

describe('the verdict on Cloudflare’s error', () => {
  it.each([
    [10000, 401, 'final ACCESS_REFUSED'],
    [10000, 403, 'final ACCESS_REFUSED'],
    [9109, 403, 'final ACCESS_REFUSED'],
    [9103, 400, 'final ACCESS_REFUSED'],
    [9103, 403, 'final ACCESS_REFUSED'],
    [9106, 400, 'final ACCESS_REFUSED'],
    [6003, 400, 'final ACCESS_REFUSED'],
    [6103, 400, 'final ACCESS_REFUSED'],
    [6111, 400, 'final ACCESS_REFUSED'],
    [7003, 400, 'final ROUTE_REFUSED'],
    [7003, 404, 'final ROUTE_REFUSED'],
    [7000, 404, 'final ROUTE_REFUSED'],
    [5400, 400, 'final FILTER_REFUSED'],
    [5403, 403, 'final ACCESS_REFUSED'],
    [5404, 404, 'absent'],
    [5404, 200, 'passing BAD_ANSWER'],
    [5404, 400, 'final API_ERROR'],
    [5404, 500, 'passing API_ERROR'],
    [10001, 403, 'final ACCESS_REFUSED'],
    [10001, 500, 'passing API_ERROR'],
    [10001, 200, 'passing BAD_ANSWER'],
    [971, 429, 'throttled RATE_LIMITED'],
    [971, 200, 'throttled RATE_LIMITED'],
    [10100, 429, 'throttled RATE_LIMITED'],
    [10100, 400, 'throttled RATE_LIMITED'],
    [1234, 400, 'final API_ERROR'],
    [1234, 404, 'final API_ERROR'],
    [1234, 401, 'final ACCESS_REFUSED'],
    [1234, 410, 'final API_GONE'],
    [1234, 408, 'passing API_ERROR'],
    [1234, 425, 'passing API_ERROR'],
    [1234, 429, 'throttled RATE_LIMITED'],
    [1234, 503, 'passing API_ERROR'],
    [undefined, 403, 'final ACCESS_REFUSED'],
    [undefined, 400, 'final API_ERROR'],
  ])('code %s with HTTP %d is: %s', (code, status, expected) => {
    expect(outline(read(status, refusal(code)))).toBe(expected);
  });
});

describe('the verdict on an answer that is no envelope', () => {
  it.each([
    [200, HTML, 'passing BAD_ANSWER'],
    [200, '', 'passing BAD_ANSWER'],
    [200, '{"success":true,"result":{"ima', 'passing BAD_ANSWER'],
    [200, 'null', 'passing BAD_ANSWER'],
    [200, '[]', 'passing BAD_ANSWER'],
    [200, '{}', 'passing BAD_ANSWER'],
    [401, HTML, 'passing BAD_ANSWER'],
    [403, HTML, 'passing BAD_ANSWER'],
    [404, HTML, 'final API_ERROR'],
    [404, '{}', 'final API_ERROR'],
    [410, HTML, 'final API_GONE'],
    [429, HTML, 'throttled RATE_LIMITED'],
    [500, HTML, 'passing API_ERROR'],
    [502, HTML, 'passing API_ERROR'],
    [503, 'upstream connect error', 'passing API_ERROR'],
    [520, HTML, 'passing API_ERROR'],
    [530, '', 'passing API_ERROR'],
    [301, '', 'final API_ERROR'],
    [307, HTML, 'final API_ERROR'],
  ])('HTTP %d with %j is: %s', (status, body, expected) => {
    expect(outline(read(status, body))).toBe(expected);
  });
});

describe('a result', () => {
  it('is what the envelope holds, with its numbers', () => {
    const verdict = read(200, '{"success":true,"errors":[],"result":{"n":9007199254740993}}');
    expect(verdict.kind).toBe('result');
    expect(JSON.stringify(verdict)).toContain('{"n":9007199254740993}');
  });

  it('is believed in spite of messages, which can carry a code too', () => {
    const body = '{"success":true,"errors":[],"messages":[{"code":10000}],"result":{}}';
    expect(outline(read(200, body))).toBe('result');
  });

  it.each(['1', '"true"', 'null', 'false', '{}', '[true]'])(
    'is not believed when success is %s',
    (success) => {
      expect(outline(read(200, `{"success":${success},"result":{"images":[]}}`))).toBe(
        'passing BAD_ANSWER',
      );
    },
  );

  it('is not believed with any status but 200', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }).filter((status) => status !== 200),
        (status) => {
          expect(read(status, '{"success":true,"result":{"images":[]}}').kind).not.toBe('result');
        },
      ),
    );
  });

  it('is not read out of bytes that are not JSON, and neither is an absence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), fc.uint8Array(), (status, bytes) => {
        expect(['result', 'absent']).not.toContain(read(status, bytes).kind);
      }),
    );
  });
});

describe('what the failure says', () => {
  function messageOf(status: number, body: string): string {
    const verdict = read(status, body);
    return 'failure' in verdict ? verdict.failure.message : verdict.kind;
  }

  it('quotes the status, the code and the message', () => {
    expect(messageOf(403, refusal(9109, 'Invalid access token'))).toBe(
      'Cloudflare answered HTTP 403 (code 9109, "Invalid access token")',
    );
    expect(messageOf(400, refusal(undefined, 'Bad'))).toBe('Cloudflare answered HTTP 400 ("Bad")');
    expect(messageOf(502, HTML)).toBe(
      'Cloudflare answered HTTP 502 with something that is not JSON',
    );
    expect(messageOf(200, '{}')).toContain('without the success');
  });

  it('quotes no control character, and not without end', () => {
    const said = messageOf(400, refusal(1, `\u001b[2J${'x'.repeat(5000)}`));
    expect(said).toContain('\\u001b[2J');
    expect(said.length).toBeLessThan(300);
  });

  it.each(['"text"', '{}', '[]', '[null]', '["text"]', '[{}]', '[{"code":"9109","message":5}]'])(
    'copes with errors of the shape %s',
    (errors) => {
      const body = `{"success":false,"errors":${errors},"result":null}`;
      expect(messageOf(400, body)).toMatch(/^Cloudflare answered HTTP 400/);
    },
  );

  it('names the setting to correct', () => {
    const hint = (status: number, body: string): string | undefined => {
      const verdict = read(status, body);
      return 'failure' in verdict ? verdict.failure.hint : undefined;
    };
    expect(hint(400, refusal(5400))).toContain('IMAGE_INVENTORY_CREATOR');
    expect(hint(403, refusal(5403))).toContain('CLOUDFLARE_ACCOUNT_ID');
    expect(hint(404, refusal(7003))).toContain('CLOUDFLARE_ACCOUNT_ID');
    expect(hint(403, refusal(9109))).toContain('Cloudflare Images: Read');
    expect(hint(302, '')).toContain('CLOUDFLARE_BASE_URL');
    expect(hint(429, '')).toContain('IMAGE_INVENTORY_RATE_REQUESTS');
  });
});
