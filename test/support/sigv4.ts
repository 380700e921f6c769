import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a storage knows of whoever may ask it. */
export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
}

const SKEW_MS = 15 * 60_000;

/**
 * Checks a request's signature, version 4, by the specification and not by any client's library: the key, the date, the
 * region, what was signed, and that the body is the one that was signed.
 *
 * @param now - The storage's clock, in milliseconds since 1970.
 * @returns S3's code of what is wrong; `undefined` if nothing is.
 */
export function refusalOf(
  request: IncomingMessage,
  body: Buffer,
  signer: Signer,
  now: number,
): string | undefined {
  const { authorization = '' } = request.headers;
  const [, keyId, day, region, signed = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([\da-f]{64})$/.exec(
      authorization,
    ) ?? [];
  if (keyId === undefined) return 'AccessDenied';
  if (keyId !== signer.accessKeyId) return 'InvalidAccessKeyId';
  if (region !== signer.region) return 'AuthorizationHeaderMalformed';
  const header = (name: string): string => String(request.headers[name] ?? '');
  if (header('x-amz-security-token') !== (signer.sessionToken ?? '')) return 'InvalidToken';
  const time = header('x-amz-date');
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? [];
  const [year = 0, month = 1, date, hour, minute, second] = parts.map(Number);
  const sentAt = Date.UTC(year, month - 1, date, hour, minute, second);
  if (!(Math.abs(now - sentAt) <= SKEW_MS) || !time.startsWith(day ?? '-')) {
    return 'RequestTimeTooSkewed';
  }
  const names = signed.split(';');
  const needed = [
    'host',
    ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-')),
  ];
  if (needed.some((name) => !names.includes(name))) return 'AccessDenied';
  const content = header('x-amz-content-sha256');
  if (content !== sha256(body)) return 'XAmzContentSHA256Mismatch';

  const [path = '', query = ''] = (request.url ?? '').split('?');
  const sortedQuery = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort();
  const canonical = [
    request.method,
    path,
    sortedQuery.join('&'),
    ...names.map((name) => `${name}:${header(name).trim().replaceAll(/ +/g, ' ')}`),
    '',
    signed,
    content,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day ?? '', region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (secret, text) => hmac(secret, text),
    `AWS4${signer.secretAccessKey}`,
  );
  return hmac(key, toSign).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch';
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
