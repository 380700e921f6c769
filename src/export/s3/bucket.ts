import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { Secret } from '../../inventory/credentials.ts';
import { explainS3 } from './errors.ts';

/** How an S3-compatible storage is reached. */
export interface S3Options {
  /** `undefined` for Amazon's own storage. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** `undefined` to look where Amazon's tools keep theirs. */
  readonly credentials: S3Credentials | undefined;
  /** How long the storage may stay silent while a request is under way, in milliseconds. */
  readonly timeoutMs: number;
  /** How often one request is tried again. */
  readonly maxRetries: number;
  /** What this program calls itself. */
  readonly userAgent: readonly [name: string, version: string];
  /** Ends every request but those that tidy up. */
  readonly signal: AbortSignal;
}

interface S3Credentials {
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | undefined;
}

/** What a request is sent with. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

type Request<T> = (client: S3Client, options: SendOptions) => Promise<T>;

const CONNECT_MS = 10_000;

/** A bucket, whose errors are told in this program's words. Nothing is sent before it is asked something. */
export class S3Bucket {
  readonly name: string;
  readonly #client: S3Client;
  readonly #signal: AbortSignal;

  constructor(name: string, options: S3Options) {
    this.name = name;
    this.#client = new S3Client(clientConfig(options));
    this.#signal = options.signal;
  }

  /** The address of a key, for people. */
  address(key: string): string {
    return `s3://${this.name}/${key}`;
  }

  /**
   * Sends a request about a key, again after passing faults; given up at once when the signal comes.
   *
   * @param problem - What did not work if it fails, as in "cannot be read".
   * @param giveUp - Ends this request as well.
   * @throws Failure
   */
  async ask<T>(
    key: string,
    problem: string,
    request: Request<T>,
    giveUp?: AbortSignal,
  ): Promise<T> {
    const abortSignal = AbortSignal.any([this.#signal, giveUp ?? this.#signal]);
    try {
      return await unlessAborted(abortSignal, request(this.#client, { abortSignal }));
    } catch (error) {
      abortSignal.throwIfAborted();
      throw explainS3(error, `${this.address(key)} ${problem}`, await this.#secrets());
    }
  }

  /** Sends a request that tidies up, also after the signal. Never rejects: what stays behind, the bucket's lifecycle takes away. */
  async tidy(request: Request<unknown>): Promise<void> {
    await request(this.#client, {}).catch(() => undefined);
  }

  /** What no message may show, whatever a storage sends back. */
  async #secrets(): Promise<readonly string[]> {
    const known = await this.#client.config.credentials().catch(() => undefined);
    return [known?.secretAccessKey, known?.sessionToken].filter((text) => text !== undefined);
  }
}

function clientConfig(options: S3Options): S3ClientConfig {
  const { endpoint, region, credentials, timeoutMs, maxRetries, userAgent } = options;
  return {
    region,
    // A bucket in the path works everywhere; one in the host's name needs the storage's own domains and certificates.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && {
      credentials: {
        accessKeyId: credentials.accessKeyId.reveal(),
        secretAccessKey: credentials.secretAccessKey.reveal(),
        ...(credentials.sessionToken && { sessionToken: credentials.sessionToken.reveal() }),
      },
    }),
    maxAttempts: maxRetries + 1,
    requestHandler: {
      connectionTimeout: Math.min(timeoutMs, CONNECT_MS),
      socketTimeout: timeoutMs,
    },
    customUserAgent: [[...userAgent]],
    // Checksums beyond the signature's are Amazon's own; R2 and others refuse some of their headers.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: SILENT,
  };
}

const ignore = (): void => undefined;

/** The SDK would write its warnings to the console, in words of its own. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The SDK does not hear a signal while it waits between two attempts. */
async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
