import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Failure } from '../../inventory/failure.ts';
import type { Destination } from '../destination.ts';
import type { ObjectStore, StoredText } from '../dataset/object-store.ts';
import { parseS3Address } from './address.ts';
import { S3Bucket, type S3Options } from './bucket.ts';
import { proofOf, s3ErrorName, statusOf } from './errors.ts';
import { S3Upload } from './upload.ts';

/**
 * A destination at an address `s3://bucket/key`.
 *
 * @throws Failure `USAGE` if it is no such address.
 */
export function openS3Destination(address: string, options: S3Options): Destination {
  const { bucket, key } = parseS3Address(address);
  if (key === '') {
    throw new Failure('USAGE', `the address ${address} names a bucket, and no object in it`, {
      hint: 'It must read s3://BUCKET/KEY.',
    });
  }
  return new S3Upload(new S3Bucket(bucket, options), key);
}

/** What is below an address `s3://bucket/prefix`; the prefix may be empty. */
export class S3Store implements ObjectStore {
  readonly name: string;
  readonly #bucket: S3Bucket;
  readonly #prefix: string;

  /** @throws Failure `USAGE` if it is no such address. */
  constructor(address: string, options: S3Options) {
    const { bucket, key } = parseS3Address(address);
    this.#bucket = new S3Bucket(bucket, options);
    this.#prefix = key === '' ? '' : `${key}/`;
    this.name = this.#bucket.address(key);
  }

  open(path: string): Promise<Destination> {
    return Promise.resolve(new S3Upload(this.#bucket, this.#prefix + path));
  }

  async size(path: string): Promise<number | undefined> {
    const key = this.#prefix + path;
    const found = await this.#bucket.ask(key, 'cannot be looked at', (client, options) =>
      client
        .send(new HeadObjectCommand({ Bucket: this.#bucket.name, Key: key }), options)
        .catch((error: unknown) => undefinedIf(s3ErrorName(error) === 'NotFound', error)),
    );
    return found?.ContentLength;
  }

  async read(path: string): Promise<StoredText | undefined> {
    const key = this.#prefix + path;
    return this.#bucket.ask(key, 'cannot be read', async (client, options) => {
      const found = await client
        .send(new GetObjectCommand({ Bucket: this.#bucket.name, Key: key }), options)
        .catch((error: unknown) => undefinedIf(s3ErrorName(error) === 'NoSuchKey', error));
      if (found === undefined) return undefined;
      return { text: (await found.Body?.transformToString()) ?? '', tag: found.ETag ?? '' };
    });
  }

  async replace(path: string, text: string, before: StoredText | undefined): Promise<boolean> {
    const key = this.#prefix + path;
    const condition = before === undefined ? { IfNoneMatch: '*' } : { IfMatch: before.tag };
    const object = { Bucket: this.#bucket.name, Key: key, ContentType: 'application/json' };
    const written = await this.#bucket.ask(key, 'cannot be written', (client, options) =>
      client
        .send(new PutObjectCommand({ ...object, ...condition, Body: text }), options)
        .catch((error: unknown) => undefinedIf(isConflict(error), error)),
    );
    if (written !== undefined) {
      proofOf(written.ETag, `${this.#bucket.address(key)} cannot be written`);
      return true;
    }
    // The answer to a first attempt may have been lost, and the second have met what the first had written.
    return (await this.read(path))?.text === text;
  }
}

/** Another writer was first (412), or is writing at this moment (409); a file that was there and is gone is one case more. */
function isConflict(error: unknown): boolean {
  return [404, 409, 412].includes(statusOf(error) ?? 0) && s3ErrorName(error) !== 'NoSuchBucket';
}

function undefinedIf(isExpected: boolean, error: unknown): undefined {
  if (!isExpected) throw error;
  return undefined;
}
