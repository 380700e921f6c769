import { onTestFinished } from 'vitest';
import { Failure } from '../../src/inventory/failure.ts';
import { Secret } from '../../src/inventory/credentials.ts';
import { Delivery, type DeliveryOptions } from '../../src/notify/delivery.ts';
import type { WebhookEvent } from '../../src/notify/events.ts';
import type { Notice, NoticedRun } from '../../src/notify/notice.ts';
import type { Clock } from '../../src/sync/ports/clock.ts';
import { ImpatientClock } from '../support/clock.ts';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const COUNTS = { listed: 5, added: 1, changed: 2, removed: 3, restored: 0, unchanged: 2 };

/** A run that notices are about. */
export const RUN: NoticedRun = {
  accountId: '023e105f4ecef8ad9ca31a8372d0c353',
  accountName: 'production',
  runId: 1,
  mode: 'full',
  endedAt: Date.UTC(2026, 2, 1, 12),
};

/** The notice of a run that found changes. */
export function changed(runId = 1): Notice {
  return { ...RUN, runId, event: 'changed', status: 'complete', counts: COUNTS };
}

/** One notice of each event. */
export const NOTICES: readonly Notice[] = [
  changed(),
  {
    ...RUN,
    event: 'failed',
    status: 'incomplete',
    failure: new Failure('UNREACHABLE', 'no answer', { hint: 'Wait.' }),
  },
  {
    ...RUN,
    accountName: undefined,
    runId: undefined,
    event: 'failed',
    status: 'failed',
    failure: new Failure('DATABASE_WRITE_FAILED', 'disk full'),
  },
  { ...RUN, event: 'held', status: 'held', failure: new Failure('HELD', 'too many are gone') },
  {
    ...RUN,
    mode: 'quick',
    event: 'recovered',
    status: 'complete',
    counts: COUNTS,
    failures: { count: 3, since: RUN.endedAt - 1000 },
  },
];

/** A clock on which every wait lasts until it is aborted. */
export class EternalClock implements Clock {
  readonly #waiting = Promise.withResolvers<undefined>();
  /** Resolves when somebody waits. */
  readonly waiting = this.#waiting.promise;

  now(): number {
    return 0;
  }

  elapsed(): number {
    return 0;
  }

  wait(_ms: number, signal: AbortSignal): Promise<void> {
    const { promise, reject } = Promise.withResolvers<undefined>();
    signal.addEventListener('abort', () => reject(new Error('aborted')));
    this.#waiting.resolve(undefined);
    return promise;
  }
}

/** A delivery, and what it told. */
export interface Sending {
  readonly delivery: Delivery;
  readonly clock: ImpatientClock;
  readonly events: readonly WebhookEvent[];
  /** Resolves when so many notices were delivered or given up. */
  readonly settled: (count: number) => Promise<void>;
}

const SETTLED = new Set(['webhook.delivered', 'webhook.failed']);

/** Opens a delivery whose waits take no time; it is closed when the test has finished. */
export function send(url: string, options: Partial<DeliveryOptions> = {}): Sending {
  const clock = new ImpatientClock();
  const events: WebhookEvent[] = [];
  const waiting = new Map<number, () => void>();
  const countSettled = (): number => events.filter(({ type }) => SETTLED.has(type)).length;
  const delivery = new Delivery({
    url,
    secret: new Secret(SECRET),
    events: ['failed', 'held', 'recovered', 'changed'],
    userAgent: 'image-inventory/test',
    clock,
    // The longest jitter, so that the waits are known.
    random: () => 1,
    emit: (event) => {
      events.push(event);
      waiting.get(countSettled())?.();
    },
    ...options,
  });
  onTestFinished(() => delivery.close());
  return {
    delivery,
    clock,
    events,
    settled: (count) =>
      countSettled() >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.set(count, resolve)),
  };
}
