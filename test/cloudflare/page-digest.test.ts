import { describe, expect, test } from 'vitest';
import { createPageDigest } from '../../src/cloudflare/page-digest.ts';
import { Secret, type Credentials } from '../../src/inventory/credentials.ts';
import { seededRandom } from '../support/random.ts';

const token = (value: string): Credentials => ({ kind: 'token', token: new Secret(value) });
const key = (email: string, value: string): Credentials => ({
  kind: 'key',
  email: new Secret(email),
  key: new Secret(value),
});

test('equal bytes have equal digests, in any process with the same credentials', () => {
  const body = Buffer.from('{"result":{"images":[]}}');
  const digest = createPageDigest(token('a'))(body);
  expect(digest).toHaveLength(32);
  expect(createPageDigest(token('a'))(Buffer.from(body))).toEqual(digest);
  // Written down, since databases hold them: other ones would know no page again.
  expect(digest.toString('hex').slice(0, 16)).toBe('690d810afc9fa364');
});

test('a page that differs in one bit, in length or in order has another digest', () => {
  const random = seededRandom(3);
  const digest = createPageDigest(token('a'));
  const body = Buffer.from(Array.from({ length: 1000 }, () => random.below(256)));
  const others = [Buffer.alloc(0), body.subarray(1), body.subarray(0, -1)];
  others.push(Buffer.concat([body, Buffer.of(0)]), Buffer.concat([Buffer.of(0), body]));
  others.push(Buffer.concat([body.subarray(16, 32), body.subarray(0, 16), body.subarray(32)]));
  for (let bit = 0; bit < 8000; bit += 1) {
    const other = Buffer.from(body);
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    others.push(other);
  }
  const digests = [body, ...others].map((each) => digest(each).toString('hex'));
  expect(new Set(digests).size).toBe(digests.length);
});

describe('other credentials make other digests', () => {
  const body = Buffer.from('a page');
  const digestOf = (credentials: Credentials): string =>
    createPageDigest(credentials)(body).toString('hex');

  test('another token', () => {
    expect(digestOf(token('b'))).not.toBe(digestOf(token('a')));
  });
  test('another key, whoever it belongs to', () => {
    expect(digestOf(key('a@b.c', '2'))).not.toBe(digestOf(key('a@b.c', '1')));
  });
});
