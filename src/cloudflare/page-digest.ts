import { createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { Credentials } from '../inventory/credentials.ts';

/** Tells a page by its bytes: equal digests, equal bytes. 32 bytes. */
export type DigestPage = (body: Uint8Array) => Buffer;

/** GMAC: a polynomial of the bytes, of which processors compute several gigabytes a second, ten times what a hash function does. */
const CIPHER = 'aes-128-gcm';
const NONCE = Buffer.alloc(12);

/**
 * Digests the pages that somebody's credentials can read. Nobody else can make two pages of equal digests, whatever is put
 * into an image: the key comes of the credentials, which the database does not hold. Nor does a digest tell anything of the
 * key: the same nonce every time would, were the GMAC itself ever shown, but what is shown is its HMAC under another key.
 *
 * Whoever comes with other credentials knows no page again, once.
 */
export function createPageDigest(credentials: Credentials): DigestPage {
  const keys = Buffer.from(hkdfSync('sha256', secretOf(credentials), '', 'pages of images', 48));
  const [pageKey, tagKey] = [keys.subarray(0, 16), keys.subarray(16)];
  return (body) => {
    const mac = createCipheriv(CIPHER, pageKey, NONCE).setAAD(body);
    mac.final();
    return createHmac('sha256', tagKey).update(mac.getAuthTag()).digest();
  };
}

function secretOf(credentials: Credentials): string {
  return credentials.kind === 'token' ? credentials.token.reveal() : credentials.key.reveal();
}
