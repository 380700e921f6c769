import type { Settings } from '../config/settings.ts';
import type { Webhook } from '../config/webhook.ts';
import type { Sources } from '../http/routes.ts';
import { startHttpServer, type HttpServer } from '../http/server.ts';
import { Delivery } from '../notify/delivery.ts';
import type { EmitWebhook } from '../notify/events.ts';
import type { Notice } from '../notify/notice.ts';
import type { Logger } from '../observe/logger.ts';
import type { Clock } from '../sync/ports/clock.ts';
import { VERSION } from './version.ts';

export interface OutletsOptions {
  /** What the server shows. */
  readonly sources: Sources;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onWebhook: EmitWebhook;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where the daemon can be asked, and where it tells by itself: a server and a webhook, if they are configured. */
export class Outlets {
  readonly #options: OutletsOptions;
  #server: (Address & { readonly http: HttpServer }) | undefined;
  #webhook: { readonly key: string; readonly delivery: Delivery } | undefined;

  constructor(options: OutletsOptions) {
    this.#options = options;
  }

  /**
   * Follows a configuration; what it leaves as it was goes on undisturbed.
   *
   * @throws Failure `CONFIG_INVALID` if it cannot be followed; what was there before is there again.
   */
  async apply(settings: Settings, webhook: Webhook | undefined): Promise<void> {
    const delivery = this.#deliveryTo(webhook);
    const port = settings['http.port'];
    await this.#listen(port === undefined ? undefined : { host: settings['http.host'], port });
    if (delivery === this.#webhook) return;
    await this.#webhook?.delivery.close();
    this.#webhook = delivery;
  }

  notify(notice: Notice): void {
    this.#webhook?.delivery.notify(notice);
  }

  /** Ends both at once. */
  async close(): Promise<void> {
    await this.#server?.http.close();
    await this.#webhook?.delivery.close();
  }

  async #listen(address: Address | undefined): Promise<void> {
    const before = this.#server;
    if (before?.host === address?.host && before?.port === address?.port) return;
    if (before !== undefined && before.port === address?.port) {
      await this.#relocate(before, address);
      return;
    }
    this.#server = address && (await this.#serve(address));
    await before?.http.close();
  }

  /** The same port on another address of this machine: the old server may stand in the new one's way. */
  async #relocate(before: Address & { readonly http: HttpServer }, to: Address): Promise<void> {
    await before.http.close();
    this.#server = undefined;
    try {
      this.#server = await this.#serve(to);
    } catch (error) {
      this.#server = await this.#serve(before);
      throw error;
    }
  }

  async #serve({ host, port }: Address): Promise<Address & { readonly http: HttpServer }> {
    const { sources, logger } = this.#options;
    return { host, port, http: await startHttpServer({ ...sources, logger, host, port }) };
  }

  #deliveryTo(webhook: Webhook | undefined): { key: string; delivery: Delivery } | undefined {
    if (webhook === undefined) return undefined;
    const { url, events, secret } = webhook;
    const key = JSON.stringify([url, events, secret.reveal()]);
    if (key === this.#webhook?.key) return this.#webhook;
    const { clock, onWebhook: emit } = this.#options;
    const userAgent = `image-inventory/${VERSION}`;
    return {
      key,
      delivery: new Delivery({ url, events, secret, userAgent, clock, emit, random: Math.random }),
    };
  }
}
