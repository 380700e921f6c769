import type { Level, Logger } from 'pino';
import { formatDuration } from '../inventory/duration.ts';
import { formatCount } from '../inventory/quantity.ts';
import type { Sent, WebhookEvent } from '../notify/events.ts';

interface Line {
  readonly level: Level;
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Writes what became of a notice as one log line. An overflow is one line, however many notices it costs. */
export function logWebhook(logger: Logger, event: WebhookEvent): void {
  if (event.type === 'webhook.dropped' && !event.isFirst) return;
  const { level, msg, fields } = toLine(event);
  logger[level]({ event: event.type, ...fields }, msg);
}

function toLine(event: WebhookEvent): Line {
  switch (event.type) {
    case 'webhook.delivered': {
      const { notice, status } = event;
      const msg = `delivered the notice "${notice.event}"`;
      return { level: 'debug', msg, fields: { ...labels(event), status } };
    }
    case 'webhook.retry': {
      const { notice, status, reason, waitMs } = event;
      return {
        level: 'warn',
        msg: `could not deliver the notice "${notice.event}": ${reason}; trying again in ${formatDuration(waitMs)}`,
        fields: { ...labels(event), status, reason, wait_ms: Math.round(waitMs) },
      };
    }
    case 'webhook.failed': {
      const { notice, status, reason, attempt } = event;
      return {
        level: 'error',
        msg: `gave up the notice "${notice.event}" after ${formatCount(attempt, 'attempt')}: ${reason}`,
        fields: { ...labels(event), status, reason },
      };
    }
    case 'webhook.dropped': {
      const { reason, count } = event;
      const msg =
        reason === 'full'
          ? 'too many notices wait for the webhook: the oldest are dropped'
          : `stopped before ${formatCount(count, 'notice')} could be delivered`;
      return { level: 'warn', msg, fields: { reason, count } };
    }
  }
}

function labels({ id, notice, attempt }: Sent): Record<string, unknown> {
  return {
    account_id: notice.accountId,
    run_id: notice.runId,
    webhook_id: id,
    notice: notice.event,
    attempt,
  };
}
