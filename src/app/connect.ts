import { createHash } from 'node:crypto';
import { ApiClient } from '../cloudflare/client.ts';
import { Pacer, type PaceOptions } from '../cloudflare/pace.ts';
import type { PageReader } from '../cloudflare/page-content.ts';
import { createPageDigest } from '../cloudflare/page-digest.ts';
import { BufferPool } from '../cloudflare/buffer-pool.ts';
import { ThreadSplitter } from '../cloudflare/thread-splitter.ts';
import { createTransport, type Transport, type TransportOptions } from '../cloudflare/transport.ts';
import type { Account } from '../config/accounts.ts';
import type { Settings } from '../config/settings.ts';
import { secretsOf, type Credentials } from '../inventory/credentials.ts';
import type { Emit } from '../sync/events.ts';
import type { Clock } from '../sync/ports/clock.ts';
import { Leases } from './leases.ts';
import { VERSION } from './version.ts';

/** One run's way to the API with its account's credentials. To be disposed of when the run has ended. */
export interface Connection extends AsyncDisposable {
  readonly client: ApiClient;
  readonly pacer: Pacer;
  readonly reader: PageReader;
}

/** The largest answer believed: room for the longest ids, the most variants and the fullest meta. */
const BYTES_PER_IMAGE = 128 * 1024;
const LARGEST_ANSWER = 256 * 1024 * 1024;

/**
 * The process's connections. Accounts with the same credentials share a pool; those of one user, as
 * far as that can be told, share a pacer, because the API counts requests per user.
 */
export class Connections {
  #settings: Settings;
  readonly #splitter = new ThreadSplitter();
  readonly #buffers = new BufferPool();
  readonly #clock: Clock;
  readonly #transports = new Leases<Transport>((transport) => transport.close());
  readonly #pacers = new Leases<Pacer>((pacer) => {
    pacer.close();
    return Promise.resolve();
  });

  constructor(settings: Settings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** A fresh client, whose usage counts from zero; `emit` hears of its requests and waits. */
  open(account: Account, emit: Emit, maxRetries = this.#settings['api.maxRetries']): Connection {
    const { credentials } = account;
    const options = transportOptions(credentials, this.#settings);
    const ends = new AsyncDisposableStack();
    const transport = ends.use(
      this.#transports.hold(keyOf(options), () => createTransport(options, this.#buffers)),
    ).value;
    const pacer = ends.use(
      this.#pacers.hold(userOf(credentials), () => new Pacer(pace(this.#settings), this.#clock)),
    ).value;
    const lane = ends.use(
      pacer.open((reason, waitMs) => emit({ type: 'sync.waiting', reason, waitMs })),
    );
    const clock = this.#clock;
    const client = new ApiClient({
      transport,
      lane,
      clock,
      emit,
      maxRetries,
      random: Math.random,
    });
    return {
      client,
      pacer,
      reader: {
        digest: createPageDigest(credentials),
        splitter: this.#splitter,
        pool: this.#buffers,
      },
      [Symbol.asyncDispose]: () => ends.disposeAsync(),
    };
  }

  /**
   * Takes new settings and accounts, at once. Connections that are open keep their address, credentials and sizes,
   * those that are opened from now on have the new ones. The rate limits are changed for all of them, without
   * forgetting what was sent already. Resolves when whatever nobody uses any more is closed.
   */
  async apply(settings: Settings, accounts: readonly Account[]): Promise<void> {
    this.#settings = settings;
    for (const pacer of this.#pacers.values()) pacer.reconfigure(pace(settings));
    const credentials = accounts.map((account) => account.credentials);
    const transports = credentials.map((each) => keyOf(transportOptions(each, settings)));
    await Promise.all([
      this.#transports.keepOnly(new Set(transports)),
      this.#pacers.keepOnly(new Set(credentials.map(userOf))),
    ]);
  }

  /** How many requests may be sent at once, as far as is known: of several users, the one with the least left counts. */
  requestsLeft(): number {
    const left = this.#pacers
      .values()
      .map(({ remaining, stated }) => Math.min(remaining, stated?.remaining ?? Infinity));
    return Math.min(this.#settings['rateLimit.requests'], ...left);
  }

  async close(): Promise<void> {
    await this.#pacers.close();
    await this.#transports.close();
    await this.#splitter.close();
  }
}

function pace(settings: Settings): PaceOptions {
  return {
    concurrency: settings['rateLimit.concurrency'],
    requests: settings['rateLimit.requests'],
    intervalMs: settings['rateLimit.intervalSeconds'] * 1000,
  };
}

function transportOptions(credentials: Credentials, settings: Settings): TransportOptions {
  return {
    baseUrl: settings['api.baseUrl'],
    credentials,
    userAgent: `image-inventory/${VERSION}`,
    connections: settings['rateLimit.concurrency'],
    timeoutMs: settings['api.timeoutSeconds'] * 1000,
    maxBytes: Math.min(LARGEST_ANSWER, settings['api.perPage'] * BYTES_PER_IMAGE),
  };
}

/** Equal for equal options. It holds the credentials as they are, and never leaves this process's memory. */
function keyOf({ credentials, ...options }: TransportOptions): string {
  return JSON.stringify([secretsOf(credentials), options]);
}

/** Names a user without telling anything of the credentials. Accounts of one user share a quota. */
export function userKey(credentials: Credentials): string {
  return createHash('sha256').update(userOf(credentials)).digest('base64');
}

/** Whose quota it is. Nobody can tell from two tokens whether they are one user's. */
function userOf(credentials: Credentials): string {
  return credentials.kind === 'token' ? credentials.token.reveal() : credentials.email.reveal();
}
