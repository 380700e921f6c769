import type { Notice } from './notice.ts';

/** A notice on its way. */
export interface Sent {
  /** The same at every attempt. */
  readonly id: string;
  readonly notice: Notice;
  /** Attempts so far, from 1. */
  readonly attempt: number;
}

/** What becomes of notices. Nothing of it holds any part of the webhook's address, or of the secret. */
export type WebhookEvent =
  | (Sent & { readonly type: 'webhook.delivered'; readonly status: number })
  | (Sent & {
      readonly type: 'webhook.retry';
      readonly status: number | undefined;
      readonly reason: string;
      readonly waitMs: number;
    })
  | (Sent & {
      readonly type: 'webhook.failed';
      readonly status: number | undefined;
      readonly reason: string;
    })
  | {
      readonly type: 'webhook.dropped';
      /** `full`: the oldest waiting notice made room for a new one. `closed`: the process ends before these were delivered. */
      readonly reason: 'full' | 'closed';
      readonly count: number;
      /** Whether it is the first since the queue was last empty; the others need not be told one by one. */
      readonly isFirst: boolean;
    };

/** Takes events as they happen. It must not throw and must not wait. */
export type EmitWebhook = (event: WebhookEvent) => void;
