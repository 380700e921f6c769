import { expect, test } from 'vitest';
import type { WebhookEvent } from '../../src/notify/events.ts';
import type { Notice } from '../../src/notify/notice.ts';
import { logWebhook } from '../../src/observe/webhook-log.ts';
import { recordLog } from '../support/log.ts';

const counts = { listed: 1, added: 1, changed: 0, removed: 0, restored: 0, unchanged: 0 };
const notice: Notice = {
  event: 'changed',
  status: 'complete',
  accountId: 'acc',
  accountName: undefined,
  runId: 7,
  mode: 'full',
  endedAt: 0,
  counts,
};
const sent = { id: 'id-1', notice, attempt: 2 };
const told = { account_id: 'acc', run_id: 7, webhook_id: 'id-1', notice: 'changed', attempt: 2 };

function logged(event: WebhookEvent) {
  const { logger, lines } = recordLog();
  logWebhook(logger, event);
  return lines.map((line) => ({ ...line, time: undefined }));
}

test('a delivered notice is for who looks closely', () => {
  expect(logged({ type: 'webhook.delivered', ...sent, status: 204 })).toEqual([
    {
      level: 'debug',
      event: 'webhook.delivered',
      ...told,
      status: 204,
      msg: 'delivered the notice "changed"',
    },
  ]);
});

test('one that is tried again is a warning', () => {
  const retry = { status: undefined, reason: 'ECONNREFUSED', waitMs: 4321.5 };
  expect(logged({ type: 'webhook.retry', ...sent, ...retry })).toEqual([
    {
      level: 'warn',
      event: 'webhook.retry',
      ...told,
      reason: 'ECONNREFUSED',
      wait_ms: 4322,
      msg: 'could not deliver the notice "changed": ECONNREFUSED; trying again in 4.3 s',
    },
  ]);
});

test('one that is given up is an error', () => {
  expect(logged({ type: 'webhook.failed', ...sent, status: 410, reason: 'HTTP 410' })).toEqual([
    {
      level: 'error',
      event: 'webhook.failed',
      ...told,
      status: 410,
      reason: 'HTTP 410',
      msg: 'gave up the notice "changed" after 2 attempts: HTTP 410',
    },
  ]);
});

test('an overflow is one line', () => {
  const dropped = { type: 'webhook.dropped', reason: 'full', count: 1 } as const;
  expect(logged({ ...dropped, isFirst: true })).toMatchObject([
    {
      level: 'warn',
      event: 'webhook.dropped',
      reason: 'full',
      msg: 'too many notices wait for the webhook: the oldest are dropped',
    },
  ]);
  expect(logged({ ...dropped, isFirst: false })).toEqual([]);
});

test('what was left behind is counted', () => {
  const closed = { type: 'webhook.dropped', reason: 'closed', count: 2, isFirst: true } as const;
  expect(logged(closed)).toMatchObject([
    { level: 'warn', count: 2, msg: 'stopped before 2 notices could be delivered' },
  ]);
});
