import { ApiClient } from '../cloudflare/client.ts';
import { Pacer } from '../cloudflare/pace.ts';
import { createTransport, type Transport } from '../cloudflare/transport.ts';
import type { Account } from '../config/accounts.ts';
import type { Settings } from '../config/settings.ts';
import type { Credentials } from '../inventory/credentials.ts';
import type { Emit } from '../sync/events.ts';
import type { Clock } from '../sync/ports.ts';
import { VERSION } from './version.ts';

/** A way to the API with one account's credentials. */
export interface Connection {
  readonly client: ApiClient;
  readonly pacer: Pacer;
}

/** The largest answer believed: room for the longest ids, the most variants and the fullest meta. */
const BYTES_PER_IMAGE = 128 * 1024;
const LARGEST_ANSWER = 256 * 1024 * 1024;

/**
 * The process's connections. Accounts with the same credentials share a pool and a pacer, because
 * the API counts requests per user.
 */
export class Connections {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #shared = new Map<string, { transport: Transport; pacer: Pacer }>();

  constructor(settings: Settings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** A fresh client, whose usage counts from zero; `emit` hears of its retries and waits. */
  open(account: Account, emit: Emit, maxRetries = this.#settings['api.maxRetries']): Connection {
    const { transport, pacer } = this.#share(account.credentials);
    pacer.onWaiting = (reason, waitMs) => emit({ type: 'sync.waiting', reason, waitMs });
    const random = Math.random;
    const clock = this.#clock;
    return { client: new ApiClient({ transport, pacer, clock, emit, maxRetries, random }), pacer };
  }

  async close(): Promise<void> {
    for (const { transport, pacer } of this.#shared.values()) {
      pacer.close();
      await transport.close();
    }
  }

  #share(credentials: Credentials): { transport: Transport; pacer: Pacer } {
    const identity = identityOf(credentials);
    const known = this.#shared.get(identity);
    if (known !== undefined) return known;
    const settings = this.#settings;
    const concurrency = settings['rateLimit.concurrency'];
    const transport = createTransport({
      baseUrl: settings['api.baseUrl'],
      credentials,
      userAgent: `image-inventory/${VERSION}`,
      connections: concurrency,
      timeoutMs: settings['api.timeoutSeconds'] * 1000,
      maxBytes: Math.min(LARGEST_ANSWER, settings['api.perPage'] * BYTES_PER_IMAGE),
    });
    const requests = settings['rateLimit.requests'];
    const intervalMs = settings['rateLimit.intervalSeconds'] * 1000;
    const pacer = new Pacer({ concurrency, requests, intervalMs }, this.#clock);
    const shared = { transport, pacer };
    this.#shared.set(identity, shared);
    return shared;
  }
}

function identityOf(credentials: Credentials): string {
  return credentials.kind === 'token' ? credentials.token.reveal() : credentials.email.reveal();
}
