import type { IncomingHttpHeaders } from 'node:http';
import { failure, type EmulatedAnswer } from './envelope.ts';

/** The credentials that the emulator takes. */
export interface EmulatedCredentials {
  readonly token: string;
  readonly email: string;
  readonly key: string;
}

/** What is wrong with a request's credentials, with the codes of Cloudflare's API; `undefined` if nothing is. */
export function refuse(
  headers: IncomingHttpHeaders,
  expected: EmulatedCredentials,
): EmulatedAnswer | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const token = /^Bearer (\S+)$/.exec(authorization)?.[1];
    if (token === undefined) {
      return failure(400, 6003, 'Invalid request headers');
    }
    return token === expected.token ? undefined : failure(401, 10000, 'Authentication error');
  }
  const email = headers['x-auth-email'];
  const key = headers['x-auth-key'];
  if (email === undefined && key === undefined) {
    return failure(401, 10000, 'Authentication error');
  }
  if (email === undefined || key === undefined) {
    return failure(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers');
  }
  const isRight = email === expected.email && key === expected.key;
  return isRight ? undefined : failure(403, 9103, 'Unknown X-Auth-Key or X-Auth-Email');
}
