import type { S3Options } from '../../src/export/s3/bucket.ts';
import { Secret } from '../../src/inventory/credentials.ts';
import { SIGNER } from './s3.ts';

/** How this process reaches a storage that knows {@link SIGNER}. */
export function s3Options(endpoint: string, options: Partial<S3Options> = {}): S3Options {
  return {
    endpoint,
    region: SIGNER.region,
    credentials: {
      accessKeyId: new Secret(SIGNER.accessKeyId),
      secretAccessKey: new Secret(SIGNER.secretAccessKey),
      sessionToken: undefined,
    },
    timeoutMs: 60_000,
    maxRetries: 3,
    userAgent: ['image-inventory', 'test'],
    signal: new AbortController().signal,
    ...options,
  };
}
