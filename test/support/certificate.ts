import { generateKeyPairSync, sign } from 'node:crypto';

/** A key and a certificate in PEM, as `node:tls` takes them. */
export interface Certified {
  readonly key: string;
  readonly cert: string;
}

const COMMON_NAME = oid('550403');
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));

/**
 * A certificate for `localhost` that nobody vouches for but itself, made for one test and valid until
 * 2049: X.509 version 1 in the least DER that TLS takes (RFC 5280, section 4.1).
 */
export function selfSigned(): Certified {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from('localhost')))));
  const validity = sequence(utcTime('200101000000Z'), utcTime('491231235959Z'));
  const serialNumber = der(0x02, Buffer.from([1]));
  const keyInfo = publicKey.export({ type: 'spki', format: 'der' });
  const content = sequence(serialNumber, ECDSA_WITH_SHA256, name, validity, name, keyInfo);
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', content, privateKey)]);
  const certificate = sequence(content, ECDSA_WITH_SHA256, der(0x03, signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function utcTime(text: string): Buffer {
  return der(0x17, Buffer.from(text));
}

/** One value: its tag, its length, its content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
