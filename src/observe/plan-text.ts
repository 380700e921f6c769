import { formatDuration } from '../inventory/duration.ts';
import { formatCount } from '../inventory/quantity.ts';
import type { RequestPlan } from '../sync/ports/source.ts';

/** How many requests a run takes, and how long the quota makes them wait: `about 1,002 requests, 5 min at 1,000 requests per 5 min`. */
export function planText({ requests, waitMs, quota }: RequestPlan): string {
  const size = `about ${formatCount(requests, 'request')}`;
  const rate = `${formatCount(quota.requests, 'request')} per ${formatDuration(quota.intervalMs)}`;
  if (waitMs === 0) return `${size}, within the ${rate}`;
  return `${size}, ${formatDuration(waitMs)} at ${rate}`;
}
