import { createHmac } from 'node:crypto';
import type { Secret } from '../inventory/credentials.ts';
import { Failure } from '../inventory/failure.ts';

/** The headers of one attempt, by the Standard Webhooks specification 1.0.0 (https://www.standardwebhooks.com). */
export interface SignatureHeaders {
  readonly 'webhook-id': string;
  /** Seconds since 1970. */
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** Signs one attempt at sending a body. The id must not hold a full stop, which separates the signed parts. */
export type Sign = (id: string, body: string, now: number) => SignatureHeaders;

const PREFIX = 'whsec_';

/**
 * A signer with HMAC-SHA256. The key is what base64 says behind the prefix `whsec_`, or else the secret's own bytes.
 *
 * @throws Failure `CONFIG_INVALID` if what follows the prefix is not base64: the receiver would make another key of it, or an empty one.
 */
export function createSigner(secret: Secret): Sign {
  const key = keyOf(secret.reveal());
  return (id, body, now) => {
    const timestamp = String(Math.floor(now / 1000));
    const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`);
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${hmac.digest('base64')}`,
    };
  };
}

function keyOf(secret: string): Buffer {
  if (!secret.startsWith(PREFIX)) return Buffer.from(secret);
  const encoded = secret.slice(PREFIX.length);
  const key = Buffer.from(encoded, 'base64');
  // Node.js skips what is not base64; others refuse it.
  if (key.length === 0 || key.toString('base64') !== encoded) {
    throw new Failure('CONFIG_INVALID', `the webhook's secret is not base64 behind "${PREFIX}"`, {
      hint: `Make one with: echo ${PREFIX}$(openssl rand -base64 32)`,
    });
  }
  return key;
}
