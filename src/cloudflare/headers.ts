import { parseRetryAfter } from '../inventory/retry-after.ts';
import type { Answer } from './transport.ts';
import type { Quota } from './pace.ts';

type Headers = Answer['headers'];

/** The id of the request at Cloudflare's edge, to quote to their support. */
export function cfRay(headers: Headers): string | undefined {
  return single(headers, 'cf-ray')?.slice(0, 64);
}

/** What `Retry-After` asks for, in milliseconds; `undefined` when it is missing or says nothing sensible. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const value = single(headers, 'retry-after');
  return value === undefined ? undefined : parseRetryAfter(value, now);
}

/**
 * What is left of the server's quota, by the tightest of its policies. Source: Cloudflare's rate-limit
 * headers, `"default";r=50;t=30`.
 */
export function quotaLeft(headers: Headers): Quota | undefined {
  const policies = (single(headers, 'ratelimit') ?? '').split(',').flatMap((policy): Quota[] => {
    const remaining = /;\s*r=(\d+)/.exec(policy)?.[1];
    const reset = /;\s*t=(\d+)/.exec(policy)?.[1];
    if (remaining === undefined || reset === undefined) return [];
    return [{ remaining: Number(remaining), resetMs: Number(reset) * 1000 }];
  });
  return policies.sort((a, b) => a.remaining - b.remaining || b.resetMs - a.resetMs)[0];
}

function single(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
