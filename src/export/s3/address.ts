import { Failure } from '../../inventory/failure.ts';

/** Where something is in object storage. */
export interface S3Address {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket itself. */
  readonly key: string;
}

const SCHEME = 's3://';
const BUCKET = /^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/;
/** In bytes, as all storages have it. */
const LONGEST_KEY = 1024;

/** Whether it is meant to be an address rather than a path. */
export function isS3Address(text: string): boolean {
  return text.toLowerCase().startsWith(SCHEME);
}

/**
 * Takes an address `s3://bucket/key` apart.
 *
 * @throws Failure `USAGE` if it is none.
 */
export function parseS3Address(text: string): S3Address {
  const [bucket = '', ...segments] = text.slice(SCHEME.length).split('/');
  while (segments.at(-1) === '') segments.pop();
  if (!BUCKET.test(bucket)) throw wrong(text, 'its bucket cannot be one');
  // Clients and storages disagree on what these mean.
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw wrong(text, 'a part between two slashes is empty, "." or ".."');
  }
  const key = segments.join('/');
  if (Buffer.byteLength(key) > LONGEST_KEY) throw wrong(text, 'its key is too long');
  return { bucket, key };
}

function wrong(text: string, problem: string): Failure {
  return new Failure('USAGE', `the address ${text} is wrong: ${problem}`, {
    hint: 'It must read s3://BUCKET/KEY; where the storage is, AWS_ENDPOINT_URL_S3 says.',
  });
}
