import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import { Agent } from 'undici';
import { secretsOf, type Credentials } from '../inventory/credentials.ts';
import { Failure, messageOf } from '../inventory/failure.ts';
import { BufferPool } from './buffer-pool.ts';
import { receive, type Received } from './receive.ts';

/** One answer, whole, as it came from the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** From sending the request to the body's last byte, in milliseconds. */
  readonly ms: number;
}

export interface TransportOptions {
  /** Where the API is, without a trailing slash, e.g. `https://api.cloudflare.com/client/v4`. */
  readonly baseUrl: string;
  readonly credentials: Credentials;
  readonly userAgent: string;
  /** Connections kept open. */
  readonly connections: number;
  /** For one request, from start to last byte. */
  readonly timeoutMs: number;
  /** The largest body believed, before and after decompression. */
  readonly maxBytes: number;
}

/** A network that can be asked for one path. Nothing else in this program asks the API anything. */
export interface Transport {
  /**
   * One GET, without retry. The path is sent as it is given, so an id that reads `..` stays one.
   *
   * @throws Failure `UNREACHABLE` (with the network's error as its cause), `ANSWER_TOO_LARGE`, or
   * `BAD_ANSWER` if the body cannot be unpacked.
   */
  readonly get: (path: string, signal: AbortSignal) => Promise<Answer>;
  /** Takes the credentials out of a text: a server may quote a request's headers in its answer. */
  readonly redact: (text: string) => string;
  readonly close: () => Promise<void>;
}

const TOO_LARGE = new Set(['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'ERR_BUFFER_TOO_LARGE']);
const inflate = { gzip: promisify(gunzip), br: promisify(brotliDecompress) };

/**
 * A keep-alive pool to one origin. Redirects are not followed, so the credentials never leave it.
 *
 * @param buffers - Where large answers are put.
 */
export function createTransport(options: TransportOptions, buffers = new BufferPool()): Transport {
  const { origin, pathname } = new URL(options.baseUrl);
  const prefix = pathname.replace(/\/$/, '');
  const headers = {
    ...credentialHeaders(options.credentials),
    accept: 'application/json',
    'accept-encoding': 'gzip, br',
    'user-agent': options.userAgent,
  };
  const pool = new Agent({
    connections: options.connections,
    maxResponseSize: options.maxBytes,
    connect: { timeout: Math.min(options.timeoutMs, 10_000) },
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
  });

  async function get(path: string, signal: AbortSignal): Promise<Answer> {
    // A timer that is stopped with the request: a signal of its own would stay in memory until its time is over.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), options.timeoutMs);
    const started = performance.now();
    try {
      const request = { origin, path: prefix + path, method: 'GET', headers } as const;
      const either = AbortSignal.any([signal, timeout.signal]);
      const received = await receive(pool, request, either, buffers);
      const body = await unpack(received, options.maxBytes);
      if (body !== received.body) buffers.giveBack(received.body);
      return { ...received, body, ms: performance.now() - started };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Failure) throw error;
      if (timeout.signal.aborted) throw timedOut(options.timeoutMs, error);
      throw networkFailure(error, origin, options.maxBytes);
    } finally {
      clearTimeout(timer);
    }
  }

  const redact = (text: string): string =>
    secretsOf(options.credentials).reduce(
      (rest, secret) => rest.replaceAll(secret, '[secret]'),
      text,
    );

  return { get, redact, close: () => pool.destroy() };
}

/** The headers that carry the credentials. */
function credentialHeaders(credentials: Credentials): Record<string, string> {
  return credentials.kind === 'token'
    ? { authorization: `Bearer ${credentials.token.reveal()}` }
    : { 'x-auth-email': credentials.email.reveal(), 'x-auth-key': credentials.key.reveal() };
}

async function unpack({ headers, body }: Received, maxBytes: number): Promise<Buffer> {
  const encoding = headers['content-encoding'];
  if (encoding !== 'gzip' && encoding !== 'br') return body;
  try {
    return await inflate[encoding](body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (TOO_LARGE.has(networkCode(error))) throw error;
    throw new Failure('BAD_ANSWER', `an answer said that it was ${encoding}, and was not`, {
      cause: error,
    });
  }
}

function timedOut(timeoutMs: number, cause: unknown): Failure {
  return new Failure('UNREACHABLE', `no complete answer within ${timeoutMs / 1000} s`, {
    hint: 'Raise IMAGE_INVENTORY_TIMEOUT, or lower IMAGE_INVENTORY_PER_PAGE.',
    cause,
  });
}

function networkFailure(error: unknown, origin: string, maxBytes: number): Failure {
  const code = networkCode(error);
  if (TOO_LARGE.has(code)) {
    return new Failure('ANSWER_TOO_LARGE', `an answer was larger than ${maxBytes} bytes`, {
      hint: 'Lower IMAGE_INVENTORY_PER_PAGE.',
      cause: error,
    });
  }
  const detail = messageOf(error) || code;
  return new Failure('UNREACHABLE', `could not reach ${origin}: ${detail}`, {
    hint: 'Check the network, a proxy or firewall on the way, and CLOUDFLARE_BASE_URL.',
    cause: error,
  });
}

/** The code of a network error; a failed connection to several addresses carries it on its parts. */
export function networkCode(error: unknown): string {
  if (error instanceof AggregateError) return networkCode(error.errors[0]);
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
