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
 * The process's connections. Accounts with the same credentials share a pool; those of one user, as
 * far as that can be told, share a pacer, because the API counts requests per user.
 */
export class Connections {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #transports = new Map<string, Transport>();
  readonly #pacers = new Map<string, Pacer>();

  constructor(settings: Settings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** A fresh client, whose usage counts from zero; `emit` hears of its retries and waits. */
  open(account: Account, emit: Emit, maxRetries = this.#settings['api.maxRetries']): Connection {
    const transport = this.#transport(account.credentials);
    const pacer = this.#pacer(account.credentials);
    pacer.onWaiting = (reason, waitMs) => emit({ type: 'sync.waiting', reason, waitMs });
    const random = Math.random;
    const clock = this.#clock;
    return { client: new ApiClient({ transport, pacer, clock, emit, maxRetries, random }), pacer };
  }

  async close(): Promise<void> {
    for (const pacer of this.#pacers.values()) pacer.close();
    for (const transport of this.#transports.values()) await transport.close();
  }

  #transport(credentials: Credentials): Transport {
    const settings = this.#settings;
    return getOrMake(this.#transports, wholeOf(credentials), () =>
      createTransport({
        baseUrl: settings['api.baseUrl'],
        credentials,
        userAgent: `image-inventory/${VERSION}`,
        connections: settings['rateLimit.concurrency'],
        timeoutMs: settings['api.timeoutSeconds'] * 1000,
        maxBytes: Math.min(LARGEST_ANSWER, settings['api.perPage'] * BYTES_PER_IMAGE),
      }),
    );
  }

  #pacer(credentials: Credentials): Pacer {
    const concurrency = this.#settings['rateLimit.concurrency'];
    const requests = this.#settings['rateLimit.requests'];
    const intervalMs = this.#settings['rateLimit.intervalSeconds'] * 1000;
    return getOrMake(
      this.#pacers,
      userOf(credentials),
      () => new Pacer({ concurrency, requests, intervalMs }, this.#clock),
    );
  }
}

function getOrMake<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

function wholeOf(credentials: Credentials): string {
  const { kind } = credentials;
  if (kind === 'token') return credentials.token.reveal();
  return JSON.stringify([credentials.email.reveal(), credentials.key.reveal()]);
}

/** Whose quota it is. Nobody can tell from two tokens whether they are one user's. */
function userOf(credentials: Credentials): string {
  return credentials.kind === 'token' ? credentials.token.reveal() : credentials.email.reveal();
}
