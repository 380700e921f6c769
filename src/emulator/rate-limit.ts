import type { OutgoingHttpHeaders } from 'node:http';
import { failure, type EmulatedAnswer } from './envelope.ts';

export interface RateLimitOptions {
  /** Requests allowed in any `intervalMs`. */
  readonly requests: number;
  readonly intervalMs: number;
  /** How long everything is refused after the limit was exceeded. Cloudflare blocks for five minutes. */
  readonly blockMs?: number;
}

/**
 * A limit over a sliding window, with the headers that Cloudflare documents: what is left before it
 * is exceeded, and how long to wait afterwards.
 */
export class RateLimiter {
  readonly #options: RateLimitOptions;
  #starts: number[] = [];
  #blockedUntil = 0;
  /** Requests that were refused so far. */
  refused = 0;

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Counts a request. @returns Headers for its answer, or the refusal. */
  admit(now: number): { headers: OutgoingHttpHeaders } | { refusal: EmulatedAnswer } {
    const { requests, intervalMs, blockMs = intervalMs } = this.#options;
    this.#starts = this.#starts.filter((start) => now - start < intervalMs);
    if (now >= this.#blockedUntil && this.#starts.length >= requests) {
      this.#blockedUntil = now + blockMs;
    }
    if (now < this.#blockedUntil) {
      this.refused += 1;
      const seconds = Math.ceil((this.#blockedUntil - now) / 1000);
      return { refusal: tooMany({ 'retry-after': String(seconds) }) };
    }
    this.#starts.push(now);
    const reset = Math.ceil(((this.#starts[0] ?? now) + intervalMs - now) / 1000);
    const headers = {
      ratelimit: `"default";r=${requests - this.#starts.length};t=${reset}`,
      'ratelimit-policy': `"default";q=${requests};w=${Math.ceil(intervalMs / 1000)}`,
    };
    return { headers };
  }
}

/** The refusal of a request beyond a limit. */
export function tooMany(headers?: OutgoingHttpHeaders): EmulatedAnswer {
  return failure(429, 971, 'Please wait and consider throttling your request speed', headers);
}
