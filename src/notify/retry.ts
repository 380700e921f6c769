import { parseRetryAfter } from '../inventory/retry-after.ts';
import type { Reply } from './receiver.ts';

/** What becomes of a delivery after an attempt. */
export type Verdict = 'delivered' | 'passing' | 'final';

const FIRST_BACKOFF_MS = 5000;
const LONGEST_WAIT_MS = 600_000;
/** Besides those from 500 on: timed out, too early, too many. */
const PASSING_STATUSES = new Set([408, 425, 429]);

/** Whether asking again can help. A redirect is final: the address is wrong, and is for its owner to set right. */
export function judge({ status }: Reply): Verdict {
  if (status === undefined) return 'passing';
  if (status >= 200 && status < 300) return 'delivered';
  return status >= 500 || PASSING_STATUSES.has(status) ? 'passing' : 'final';
}

/**
 * How long to wait before the next attempt, in milliseconds: what the receiver asks for, or full jitter that grows.
 *
 * @param attempt - How many there were, from 1.
 * @param now - Milliseconds since 1970.
 * @param random - 0 (inclusive) to 1 (exclusive).
 */
export function retryWaitMs(reply: Reply, attempt: number, now: number, random: number): number {
  const retryAfter = reply.status === undefined ? undefined : reply.retryAfter;
  const asked = retryAfter === undefined ? 0 : (parseRetryAfter(retryAfter, now) ?? 0);
  // "In 0 seconds" is no pause at all: a receiver that keeps saying so would be hammered.
  if (asked > 0) return Math.min(LONGEST_WAIT_MS, asked);
  return random * Math.min(LONGEST_WAIT_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
}
