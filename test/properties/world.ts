import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { AccountOutcome, SyncOptions } from '../../src/app/sync-accounts.ts';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import { EMULATED_CREDENTIALS } from '../../src/emulator/defaults.ts';
import type { FaultName } from '../../src/emulator/faults.ts';
import type { ListOrder } from '../../src/emulator/list-order.ts';
import { Emulator } from '../../src/emulator/server.ts';
import { Failure } from '../../src/inventory/failure.ts';
import { memoryOrDisk, temporaryFolder } from '../support/folder.ts';
import { snapshot, type Snapshot } from '../support/history.ts';
import { query } from '../support/inventory.ts';
import type { Env } from '../support/program.ts';
import { openTestSession } from '../support/session.ts';
import { idsOf, mutate, type Mutation } from './mutations.ts';

/** One emulator for all cases of a file, for each order in which a list may come. */
export interface Servers {
  readonly of: (order: ListOrder) => { readonly emulator: Emulator; readonly baseUrl: string };
}

/** Serves until the tests of the file have ended. */
export function serveAll(): Servers {
  const served = new Map<ListOrder, { emulator: Emulator; baseUrl: string }>();
  beforeAll(async () => {
    for (const listOrder of ['newest', 'oldest', 'shuffled'] as const) {
      const emulator = new Emulator({ accounts: [], quirks: { listOrder } });
      served.set(listOrder, { emulator, baseUrl: await emulator.listen() });
    }
  });
  afterAll(async () => {
    for (const { emulator } of served.values()) await emulator.close();
  });
  return {
    of: (order) => {
      const server = served.get(order);
      if (server === undefined) throw new RangeError(order);
      return server;
    },
  };
}

/** What is fixed for a case. */
export interface WorldOptions {
  readonly images: number;
  readonly seed: number;
  readonly order: ListOrder;
  readonly version: 'v1' | 'v2';
  readonly perPage: number;
  readonly concurrency: number;
  readonly confirmRequests: number;
}

/** How a run meets its end before the program wants it to: at its n-th request. */
export interface Interruption {
  /** `stop`: by a signal. `crash`: all that is left are the files as they are at that moment. */
  readonly kind: 'stop' | 'crash';
  readonly request: number;
}

/** One run, and what happens around it. */
export interface Round {
  readonly before: readonly Mutation[];
  /** One thing at most at each request, before it is answered. */
  readonly during: readonly (Mutation | null)[];
  readonly fault: { readonly name: FaultName; readonly request: number } | null;
  readonly interruption: Interruption | null;
  readonly options: Partial<SyncOptions>;
}

/** What a run came to, and what the account went through meanwhile. */
export interface Played {
  readonly outcome: AccountOutcome | undefined;
  /** Images that were there all the time since the reading of this run's pages began, interrupted runs included. */
  readonly throughout: ReadonlySet<string>;
  /** Images that were there at some time since then. */
  readonly ever: ReadonlySet<string>;
  /** Whether the account was left alone since then, and nothing went wrong. */
  readonly wasStill: boolean;
}

let accounts = 0;

/** An emulated account and the inventory that is kept of it, through runs, interruptions and crashes. */
export class World {
  readonly account: EmulatedAccount;
  readonly accountId: string;
  readonly #emulator: Emulator;
  readonly #env: Env;
  readonly #root = temporaryFolder(memoryOrDisk());
  readonly #gone: string[] = [];
  #life = 0;
  #throughout: Set<string> | undefined;
  #ever = new Set<string>();
  #isStill = true;
  /** What readers saw after each published run. */
  readonly history = new Map<number, Snapshot>();

  constructor(servers: Servers, options: WorldOptions) {
    const { emulator, baseUrl } = servers.of(options.order);
    accounts += 1;
    this.accountId = `account-${accounts}`;
    this.account = emulator.addAccount({ ...options, id: this.accountId });
    this.#emulator = emulator;
    this.#env = {
      CLOUDFLARE_BASE_URL: baseUrl,
      CLOUDFLARE_ACCOUNT_ID: this.accountId,
      CLOUDFLARE_API_TOKEN: EMULATED_CREDENTIALS.token,
      IMAGE_INVENTORY_API: options.version,
      IMAGE_INVENTORY_PER_PAGE: String(options.perPage),
      IMAGE_INVENTORY_CONCURRENCY: String(options.concurrency),
      IMAGE_INVENTORY_REMOVAL_CONFIRM_REQUESTS: String(options.confirmRequests),
      // Faults end a run at once; that a retry mends them is proved elsewhere, and takes its time.
      IMAGE_INVENTORY_MAX_RETRIES: '0',
    };
    mkdirSync(this.#folder());
  }

  get database(): string {
    return join(this.#folder(), 'inventory.db');
  }

  async play(round: Round): Promise<Played> {
    for (const mutation of round.before) this.#mutate(mutation);
    this.#note();
    const { outcome, crashed } = await this.#run(round);
    if (crashed) this.#life += 1;
    const throughout = this.#throughout ?? new Set();
    const played = { outcome, throughout, ever: this.#ever, wasStill: this.#isStill };
    // Whatever was not interrupted leaves nothing that a later run might go on with.
    if (!crashed && outcome?.failure?.code !== 'STOPPED') this.#beginAnew();
    this.#rememberPublished();
    return played;
  }

  async #run(round: Round): Promise<{ outcome: AccountOutcome | undefined; crashed: boolean }> {
    const session = openTestSession({ ...this.#env, IMAGE_INVENTORY_DB: this.database });
    const stop = new AbortController();
    const during = [...round.during];
    let requests = 0;
    let crashed = false;
    const onRequest = (_method: string, path: string): void => {
      if (!path.includes(this.accountId)) return;
      requests += 1;
      const mutation = crashed ? undefined : during.shift();
      if (mutation) this.#mutate(mutation);
      this.#note();
      const { fault, interruption } = round;
      if (fault?.request === requests) this.#commit(fault.name);
      if (interruption?.request !== requests) return;
      if (interruption.kind === 'crash') {
        this.#copyFiles();
        crashed = true;
      }
      stop.abort(new Failure('STOPPED', 'stopped before its end'));
    };
    this.#emulator.prependListener('request', onRequest);
    try {
      const outcome = await session.sync(round.options, stop.signal);
      return { outcome: crashed ? undefined : outcome, crashed };
    } finally {
      this.#emulator.off('request', onRequest);
      this.#emulator.faults.clear();
      await session.close();
    }
  }

  #commit(name: FaultName): void {
    this.#isStill = false;
    this.#emulator.faults.add({ name, path: new RegExp(this.accountId), times: 1 });
  }

  #mutate(mutation: Mutation): void {
    mutate(this.account, mutation, this.#gone);
    this.#isStill = false;
    this.#note();
  }

  #note(): void {
    const ids = idsOf(this.account);
    for (const id of ids) this.#ever.add(id);
    const now = new Set(ids);
    this.#throughout = this.#throughout?.intersection(now) ?? now;
  }

  #beginAnew(): void {
    this.#throughout = undefined;
    this.#ever = new Set();
    this.#isStill = true;
  }

  #rememberPublished(): void {
    if (!existsSync(this.database)) return;
    const published = query(
      this.database,
      `SELECT run_id FROM runs WHERE status = 'complete' AND mode <> 'dry-run'`,
    );
    for (const { run_id: runId } of published) {
      if (!this.history.has(Number(runId)))
        this.history.set(Number(runId), snapshot(this.database));
    }
  }

  #folder(life = this.#life): string {
    return join(this.#root, String(life));
  }

  /** What a power cut would leave: no process says anything more to these files. */
  #copyFiles(): void {
    const next = this.#folder(this.#life + 1);
    mkdirSync(next);
    for (const suffix of ['', '-wal', '-scan', '-scan-wal']) {
      const file = this.database + suffix;
      if (existsSync(file)) copyFileSync(file, join(next, `inventory.db${suffix}`));
    }
  }
}
