import { parseRetryAfter } from '../inventory/retry-after.ts';
import type { Answer } from './transport.ts';
import type { Quota } from './quota-share.ts';
import type { WindowLimits } from './sliding-window.ts';

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
 * headers, `Ratelimit: "default";r=50;t=30` and `Ratelimit-Policy: "default";q=100;w=60`.
 */
export function quotaLeft(headers: Headers): Quota | undefined {
  const quotas = items(headers, 'ratelimit').flatMap(({ name, parameter }): Quota[] => {
    const remaining = parameter('r');
    const reset = parameter('t');
    if (remaining === undefined || reset === undefined) return [];
    return [{ remaining, resetMs: reset * 1000, policy: policyOf(headers, name) }];
  });
  return quotas.sort((a, b) => a.remaining - b.remaining || b.resetMs - a.resetMs)[0];
}

/** The whole of a policy of this name; `undefined` if there is none, or it says nothing sensible. */
function policyOf(headers: Headers, name: string): WindowLimits | undefined {
  const policy = items(headers, 'ratelimit-policy').find((item) => item.name === name);
  const requests = policy?.parameter('q') ?? 0;
  const seconds = policy?.parameter('w') ?? 0;
  return requests > 0 && seconds > 0 ? { requests, intervalMs: seconds * 1000 } : undefined;
}

interface Item {
  readonly name: string;
  /** A parameter that is a whole number. */
  readonly parameter: (key: string) => number | undefined;
}

/** The items of a list: `"default";r=50;t=30, "burst";r=9;t=1`. */
function items(headers: Headers, header: string): readonly Item[] {
  return (single(headers, header) ?? '').split(',').map((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const parameter = (key: string): number | undefined => {
      const value = parameters.find((each) => each.startsWith(`${key}=`))?.slice(key.length + 1);
      return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
    };
    return { name, parameter };
  });
}

function single(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
