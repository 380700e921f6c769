import { formatDuration } from '../inventory/duration.ts';
import { formatCount } from '../inventory/quantity.ts';
import type { RequestPlan } from '../sync/ports.ts';

/** How many requests a run takes: `about 1,002 requests`. */
export function planSize({ requests }: RequestPlan): string {
  return `about ${formatCount(requests, 'request')}`;
}

/** How long they take, where they do not all fit: `about 1,002 requests, 5 min at 1,000 requests per 5 min`. */
export function planText(plan: RequestPlan): string {
  const { waitMs, quota } = plan;
  const rate = `${formatCount(quota.requests, 'request')} per ${formatDuration(quota.intervalMs)}`;
  if (waitMs === 0) return `${planSize(plan)}, within the ${rate}`;
  return `${planSize(plan)}, ${formatDuration(waitMs)} at ${rate}`;
}
