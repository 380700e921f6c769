import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { S3Store } from '../../src/export/s3/store.ts';
import type { S3Options } from '../../src/export/s3/bucket.ts';
import { Failure } from '../../src/inventory/failure.ts';
import { Secret } from '../../src/inventory/credentials.ts';
import { BUCKET, serveS3, SIGNER, type Fault, type S3Server } from '../support/s3.ts';
import { s3Options } from '../support/s3-options.ts';

const PATH = 'account_id=a%2Fb/_manifest.json';
const KEY = `prefix/${PATH}`;

interface Place {
  readonly s3: S3Server;
  readonly endpoint: string;
  readonly store: S3Store;
  readonly other: (options: Partial<S3Options>, address?: string) => S3Store;
}

async function serve(): Promise<Place> {
  const { s3, endpoint } = await serveS3();
  const other: Place['other'] = (options, address = `s3://${BUCKET}/prefix/`) =>
    new S3Store(address, s3Options(endpoint, options));
  return { s3, endpoint, store: other({}), other };
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw new Error('no failure', { cause: error });
  return error;
}

describe('a small file in a bucket', () => {
  test('is read as it was written, and is nothing before', async () => {
    const { s3, store } = await serve();
    expect(await store.read(PATH)).toBeUndefined();
    expect(await store.size(PATH)).toBeUndefined();
    expect(await store.replace(PATH, 'é 1', undefined)).toBe(true);
    expect(s3.bytes(KEY).toString()).toBe('é 1');
    expect(await store.read(PATH)).toMatchObject({ text: 'é 1' });
    expect(await store.size(PATH)).toBe(4);
  });

  test('is not written over what somebody else wrote', async () => {
    const { s3, store } = await serve();
    s3.put(KEY, 'theirs');
    expect(await store.replace(PATH, 'mine', undefined)).toBe(false);
    const seen = await store.read(PATH);
    expect(await store.replace(PATH, 'mine', seen)).toBe(true);
    expect(await store.replace(PATH, 'late', seen)).toBe(false);
    s3.objects.clear();
    expect(await store.replace(PATH, 'late', seen)).toBe(false);
  });

  test('is known to be written where only the answer was lost', async () => {
    const { s3, store } = await serve();
    s3.fail('PutObject', 'cut-after');
    expect(await store.replace(PATH, 'mine', undefined)).toBe(true);
  });
});

describe('what goes wrong', () => {
  test.for<[what: string, fault: Fault, code: string, says: string]>([
    [
      'the bucket is missing',
      { answer: [404, 'NoSuchBucket'] },
      'CONFIG_INVALID',
      'Make the bucket',
    ],
    [
      'the key is unknown',
      { answer: [403, 'InvalidAccessKeyId'] },
      'ACCESS_REFUSED',
      'AWS_ACCESS_KEY_ID',
    ],
    ['R2 refuses', { answer: [401, 'Unauthorized'] }, 'ACCESS_REFUSED', 'AWS_ACCESS_KEY_ID'],
    ['the token has expired', { answer: [400, 'ExpiredToken'] }, 'ACCESS_REFUSED', 'get new ones'],
    [
      'the bucket is elsewhere',
      { answer: [301, 'PermanentRedirect'] },
      'CONFIG_INVALID',
      'AWS_REGION',
    ],
    ['the storage is busy', { answer: [503, 'SlowDown'] }, 'UNREACHABLE', 'later'],
    [
      'it says something else',
      { answer: [400, 'Odd', '\u001b[2J'] },
      'BAD_ANSWER',
      'S3-compatible',
    ],
    ['it closes the connection', 'cut', 'UNREACHABLE', 'AWS_ENDPOINT_URL_S3'],
  ])('%s', async ([, fault, code, says]) => {
    const { s3, other } = await serve();
    s3.fail('GetObject', fault, 9);
    const failure = await failureOf(other({ maxRetries: 1 }).read(PATH));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(`s3://${BUCKET}/${KEY} cannot be read: `);
    expect(failure.hint).toContain(says);
  });

  test.for<[string, Partial<S3Options>, string]>([
    [
      'another secret',
      { credentials: credentials(SIGNER.accessKeyId, 'wrong') },
      'SignatureDoesNotMatch',
    ],
    [
      'another key',
      { credentials: credentials('AKIDOTHER', SIGNER.secretAccessKey) },
      'InvalidAccessKeyId',
    ],
    ['another region', { region: 'eu-west-9' }, 'AuthorizationHeaderMalformed'],
  ])('the stand-in itself refuses %s', async ([, options, says]) => {
    const { other } = await serve();
    expect((await failureOf(other(options).read(PATH))).message).toContain(says);
  });

  test('a manifest that something took which is no storage', async () => {
    const { s3, store } = await serve();
    s3.fail('PutObject', 'welcome');
    await expect(store.replace('a', 'x', undefined)).rejects.toMatchObject({
      code: 'BAD_ANSWER',
    });
  });

  test('what a storage says at length is told in a line', async () => {
    const { s3, store } = await serve();
    s3.fail('GetObject', { answer: [400, 'A'.repeat(100_000), 'B'.repeat(100_000)] });
    const error: unknown = await store.read('a').catch((reason: unknown) => reason);
    expect((error as Error).message.length).toBeLessThan(800);
  });

  test('a clock that is an hour late is made up for', async () => {
    const { s3, store } = await serve();
    s3.clockShift = 3600_000;
    expect(await store.read(PATH)).toBeUndefined();
  });

  test('nobody listens', async () => {
    const { s3, other } = await serve();
    await s3.close();
    const failure = await failureOf(other({ maxRetries: 0 }).read(PATH));
    expect(failure.code).toBe('UNREACHABLE');
    expect(failure.message).toContain('ECONNREFUSED');
  });

  test('the bucket of an address is missing', async () => {
    const { other } = await serve();
    const store = other({}, 's3://another-bucket');
    expect((await failureOf(store.read(PATH))).code).toBe('CONFIG_INVALID');
    expect((await failureOf(store.replace(PATH, '', undefined))).code).toBe('CONFIG_INVALID');
  });

  test('a redirect is not followed, so that nothing of the credentials reaches another host', async () => {
    const { s3, store } = await serve();
    const elsewhere = await serveS3();
    s3.fail('GetObject', { redirect: `${elsewhere.endpoint}/${BUCKET}/${KEY}` }, 9);
    expect((await failureOf(store.read(PATH))).code).toBe('CONFIG_INVALID');
    expect(elsewhere.s3.requests).toEqual([]);
  });

  test('whatever a storage sends back, no secret is told', async () => {
    const { s3, other } = await serve();
    const token = 'session-token-0123456789';
    const echo = `${SIGNER.secretAccessKey} ${token}`;
    s3.fail('GetObject', { answer: [403, 'SignatureDoesNotMatch', `<![CDATA[${echo}]]>`] });
    const options = { credentials: { ...credentials(), sessionToken: new Secret(token) } };
    const failure = await failureOf(other(options).read(PATH));
    expect(failure.message).toContain('[secret] [secret]');
    const everything = inspect(failure, { depth: null, showHidden: true });
    for (const secret of [SIGNER.secretAccessKey, token, 'AWS4-HMAC']) {
      expect(everything).not.toContain(secret);
    }
  });
});

function credentials(
  keyId = SIGNER.accessKeyId,
  secret = SIGNER.secretAccessKey,
): NonNullable<S3Options['credentials']> {
  return {
    accessKeyId: new Secret(keyId),
    secretAccessKey: new Secret(secret),
    sessionToken: undefined,
  };
}
