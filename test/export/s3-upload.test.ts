import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import type { Destination } from '../../src/export/destination.ts';
import type { S3Options } from '../../src/export/s3/bucket.ts';
import { openS3Destination } from '../../src/export/s3/store.ts';
import { Failure } from '../../src/inventory/failure.ts';
import { BUCKET, serveS3, type Operation, type S3Server } from '../support/s3.ts';
import { s3Options } from '../support/s3-options.ts';

const KEY = 'a folder/é+=&?#.bin';
const MiB = 1024 * 1024;
/** Two parts and a half. */
const LARGE = randomBytes(20 * MiB);

interface Place {
  readonly s3: S3Server;
  readonly open: (options?: Partial<S3Options>) => Destination;
}

async function serve(): Promise<Place> {
  const { s3, endpoint } = await serveS3();
  const open: Place['open'] = (options) =>
    openS3Destination(`s3://${BUCKET}/${KEY}`, s3Options(endpoint, options));
  return { s3, open };
}

/** Pieces of all lengths, as encoders give them. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let from = 0, length = 1; from < bytes.length; from += length) {
    length = Math.min(length * 3, 3 * MiB);
    yield bytes.subarray(from, from + length);
  }
}

async function upload(destination: Destination, bytes: Buffer): Promise<void> {
  await pipeline(pieces(bytes), destination.stream);
  await destination.commit();
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw new Error('no failure', { cause: error });
  return error;
}

describe('an upload', () => {
  test.for([
    ['nothing', 0, 0],
    ['less than a part', 3, 0],
    ['a part, exactly', 8 * MiB, 0],
    ['a byte more than a part', 8 * MiB + 1, 2],
    ['two parts, exactly', 16 * MiB, 2],
    ['parts and a rest', LARGE.length, 3],
  ] as const)(
    'of %s arrives whole, and is not there before it is committed',
    async ([, length, parts]) => {
      const { s3, open } = await serve();
      const destination = open();
      const bytes = LARGE.subarray(0, length);
      await pipeline(pieces(bytes), destination.stream);
      expect(s3.objects.size).toBe(0);
      await destination.commit();
      expect(s3.bytes(KEY).equals(bytes)).toBe(true);
      expect(s3.count('UploadPart')).toBe(parts);
      expect(s3.uploads.size).toBe(0);
    },
  );

  test.for<[Operation, number]>([
    ['CreateMultipartUpload', 3],
    ['UploadPart', 3],
    ['CompleteMultipartUpload', 3],
  ])('is tried again where %s meets passing faults', async ([operation, times]) => {
    const { s3, open } = await serve();
    s3.fail(operation, { answer: [503, 'SlowDown'] });
    s3.fail(operation, { answer: [500, 'InternalError'] });
    s3.fail(operation, 'cut');
    await upload(open(), LARGE);
    expect(s3.bytes(KEY).equals(LARGE)).toBe(true);
    expect(s3.count(operation)).toBe(times + (operation === 'UploadPart' ? 3 : 1));
    expect(s3.uploads.size).toBe(0);
  });

  test.for<[Operation, Buffer]>([
    ['PutObject', LARGE.subarray(0, 3)],
    ['CreateMultipartUpload', LARGE],
    ['UploadPart', LARGE],
    ['CompleteMultipartUpload', LARGE],
  ])(
    'fails where %s is answered by something that welcomes everything',
    async ([operation, bytes]) => {
      const { s3, open } = await serve();
      s3.fail(operation, 'welcome', 9);
      const failure = await failureOf(upload(open(), bytes));
      expect(failure.code).toBe('BAD_ANSWER');
      expect(failure.message).toContain(`${KEY} cannot be written`);
    },
  );

  test('is tried again where the storage never answers', async () => {
    const { s3, open } = await serve();
    s3.fail('UploadPart', 'hang');
    await upload(open({ timeoutMs: 500 }), LARGE);
    expect(s3.bytes(KEY).equals(LARGE)).toBe(true);
  });

  test.for<Operation>(['UploadPart', 'CompleteMultipartUpload'])(
    'succeeds where only the answer to %s is lost',
    async (operation) => {
      const { s3, open } = await serve();
      s3.fail(operation, 'cut-after');
      await upload(open(), LARGE);
      expect(s3.bytes(KEY).equals(LARGE)).toBe(true);
    },
  );

  test('that somebody else aborted fails, though another object has its name', async () => {
    const { s3, open } = await serve();
    s3.put(KEY, 'another');
    const destination = open();
    await pipeline(pieces(LARGE), destination.stream);
    s3.uploads.clear();
    const failure = await failureOf(destination.commit());
    expect(failure.message).toContain('NoSuchUpload');
    expect(s3.bytes(KEY).toString()).toBe('another');
  });

  test('of which the storage lost a part fails, and leaves nothing behind', async () => {
    const { s3, open } = await serve();
    s3.fail('UploadPart', 'lose');
    const destination = open();
    await pipeline(pieces(LARGE), destination.stream);
    const failure = await failureOf(destination.commit());
    expect(failure).toMatchObject({ code: 'UNREACHABLE' });
    expect(failure.message).toContain(
      `s3://${BUCKET}/${KEY} cannot be written: the storage answered 400`,
    );
    await destination.abandon();
    expect([s3.objects.size, s3.uploads.size]).toEqual([0, 0]);
  });

  test('that fails while it is written ends the writing, and leaves nothing behind', async () => {
    const { s3, open } = await serve();
    s3.fail('UploadPart', { answer: [403, 'AccessDenied'] });
    const destination = open();
    const failure = await failureOf(pipeline(pieces(LARGE), destination.stream));
    expect(failure.code).toBe('ACCESS_REFUSED');
    await destination.abandon();
    expect([s3.objects.size, s3.uploads.size]).toEqual([0, 0]);
  });

  test('of which one part is refused does not wait for the others, that hang', async () => {
    const { s3, open } = await serve();
    s3.fail('UploadPart', 'hang');
    s3.fail('UploadPart', { answer: [403, 'AccessDenied'] });
    const destination = open();
    expect((await failureOf(pipeline(pieces(LARGE), destination.stream))).code).toBe(
      'ACCESS_REFUSED',
    );
    await destination.abandon();
    expect([s3.objects.size, s3.uploads.size]).toEqual([0, 0]);
  });

  test.for<Operation>(['CreateMultipartUpload', 'UploadPart'])(
    'is abandoned at once by a signal, also where the storage does not answer %s',
    async (operation) => {
      const { s3, open } = await serve();
      const stop = new AbortController();
      s3.fail(operation, 'hang', 9);
      const destination = open({ signal: stop.signal });
      const written = failureOf(pipeline(pieces(LARGE), destination.stream));
      await s3.asked(operation);
      stop.abort(new Failure('STOPPED', 'stopped'));
      expect((await written).code).toBe('STOPPED');
      await destination.abandon();
      expect([s3.objects.size, s3.uploads.size]).toEqual([0, 0]);
    },
  );

  test('may be abandoned before anything was written, and without a storage', async () => {
    const { s3, open } = await serve();
    await open().abandon();
    await s3.close();
    const destination = open({ maxRetries: 0 });
    expect((await failureOf(upload(destination, LARGE))).code).toBe('UNREACHABLE');
    await destination.abandon();
  });
});
