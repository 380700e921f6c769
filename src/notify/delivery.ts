import { randomUUID } from 'node:crypto';
import type { Secret } from '../inventory/credentials.ts';
import type { Clock } from '../sync/ports/clock.ts';
import type { EmitWebhook } from './events.ts';
import { noticeBody, type Notice, type NoticeEvent } from './notice.ts';
import { createReceiver, type Receiver, type Reply } from './receiver.ts';
import { judge, retryWaitMs } from './retry.ts';
import { createSigner, type Sign } from './signature.ts';

export interface DeliveryOptions {
  readonly url: string;
  readonly secret: Secret;
  /** Other notices are passed over. */
  readonly events: readonly NoticeEvent[];
  readonly userAgent: string;
  readonly clock: Clock;
  /** 0 (inclusive) to 1 (exclusive), for jitter. */
  readonly random: () => number;
  readonly emit: EmitWebhook;
  /** For one attempt; 10 seconds by default. */
  readonly timeoutMs?: number;
  /** How many notices may wait, besides the one under way; 1000 by default. */
  readonly capacity?: number;
}

const MAX_ATTEMPTS = 10;

interface Message {
  readonly id: string;
  readonly notice: Notice;
  readonly body: string;
}

/**
 * Posts notices to one webhook: in order, one at a time, and never in the way of who gives them. They wait in
 * memory, so what was not delivered when the process ends is lost.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #capacity: number;
  readonly #sign: Sign;
  readonly #receiver: Receiver;
  readonly #closing = new AbortController();
  readonly #waiting: Message[] = [];
  #work: Promise<void> | undefined;
  #isOverflowTold = false;

  /** @throws Failure `CONFIG_INVALID` if the secret cannot be used. Nothing is sent yet. */
  constructor(options: DeliveryOptions) {
    const { url, userAgent, secret, timeoutMs = 10_000, capacity = 1000 } = options;
    this.#options = options;
    this.#capacity = capacity;
    this.#sign = createSigner(secret);
    this.#receiver = createReceiver({ url, userAgent, timeoutMs });
  }

  /** Takes a notice for delivery. Never throws, never waits; after {@link Delivery.close} it does nothing. */
  notify(notice: Notice): void {
    if (this.#closing.signal.aborted || !this.#options.events.includes(notice.event)) return;
    const id = randomUUID();
    this.#makeRoom();
    this.#waiting.push({ id, notice, body: noticeBody(id, notice) });
    this.#work ??= this.#deliverAll();
  }

  /** Stops at once, whether a request or a wait is under way, and tells how many notices were not delivered. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#work;
    await this.#receiver.close();
    const count = this.#waiting.length;
    if (count === 0) return;
    this.#options.emit({ type: 'webhook.dropped', reason: 'closed', count, isFirst: true });
  }

  #makeRoom(): void {
    // The first of them is under way, and may have arrived.
    if (this.#waiting.length <= this.#capacity) return;
    this.#waiting.splice(1, 1);
    const isFirst = !this.#isOverflowTold;
    this.#isOverflowTold = true;
    this.#options.emit({ type: 'webhook.dropped', reason: 'full', count: 1, isFirst });
  }

  /** Delivers until nothing waits. A notice leaves the queue when it is settled, so what is left was not delivered. */
  async #deliverAll(): Promise<void> {
    for (let [message] = this.#waiting; message !== undefined; [message] = this.#waiting) {
      if (!(await this.#deliver(message))) return;
      this.#waiting.shift();
    }
    this.#isOverflowTold = false;
    this.#work = undefined;
  }

  /** Tries until the notice is settled. @returns `false` if it was stopped before. */
  async #deliver({ id, notice, body }: Message): Promise<boolean> {
    const { clock, random, emit } = this.#options;
    const { signal } = this.#closing;
    for (let attempt = 1; ; attempt += 1) {
      const reply = await this.#receiver.post(
        body,
        { ...this.#sign(id, body, clock.now()) },
        signal,
      );
      const verdict = judge(reply);
      const { status } = reply;
      const sent = { id, notice, attempt };
      if (status !== undefined && verdict === 'delivered') {
        emit({ type: 'webhook.delivered', ...sent, status });
        return true;
      }
      if (signal.aborted) return false;
      const reason = reasonOf(reply);
      if (verdict === 'final' || attempt === MAX_ATTEMPTS) {
        emit({ type: 'webhook.failed', ...sent, status, reason });
        return true;
      }
      const waitMs = retryWaitMs(reply, attempt, clock.now(), random());
      emit({ type: 'webhook.retry', ...sent, status, reason, waitMs });
      if (!(await this.#waited(waitMs))) return false;
    }
  }

  async #waited(ms: number): Promise<boolean> {
    try {
      await this.#options.clock.wait(ms, this.#closing.signal);
      return true;
    } catch {
      return false;
    }
  }
}

function reasonOf(reply: Reply): string {
  return reply.status === undefined ? reply.reason : `HTTP ${reply.status}`;
}
