import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SyncOptions } from '../../src/app/sync-accounts.ts';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import { LIST_ORDERS } from '../../src/emulator/choices.ts';
import { EMULATED_CREDENTIALS } from '../../src/emulator/defaults.ts';
import { Emulator } from '../../src/emulator/server.ts';
import { canonicalJson } from '../../src/inventory/canonical-json.ts';
import { Failure } from '../../src/inventory/failure.ts';
import { isObject, parseJson } from '../../src/inventory/json-text.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { makeFolder } from '../support/folder.ts';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { openSessionWith } from '../support/session.ts';
import { ShownTexts } from '../support/vouching.ts';
import { idsOf, mutate, mutations, type Mutation } from './mutations.ts';
import { casesOf, timeoutOf } from './promises.ts';

/** What happens to an account between two runs that is meant for whoever remembers bytes. */
interface Rewriting {
  /** `respell`: the same in other words. `again`: deleted, and uploaded as it was. `back`: as it was before. */
  readonly kind: 'respell' | 'again' | 'back';
  readonly seed: number;
}

interface Round {
  readonly before: readonly (Mutation | Rewriting)[];
  readonly run: 'full' | 'quick' | 'dry-run' | 'filtered' | 'stopped' | 'anew';
  /** At which request a run is stopped. */
  readonly request: number;
}

const rewritings: fc.Arbitrary<Rewriting> = fc.record({
  kind: fc.constantFrom('respell', 'again', 'back'),
  seed: fc.nat(1_000_000),
});

const rounds: fc.Arbitrary<Round> = fc.record({
  before: fc.array(fc.oneof(mutations, rewritings), { maxLength: 5 }),
  run: fc.constantFrom(
    'full',
    'full',
    'quick',
    'dry-run',
    'filtered',
    'stopped',
    'stopped',
    'anew',
  ),
  request: fc.integer({ min: 2, max: 7 }),
});

const OPTIONS: Readonly<Partial<Record<Round['run'], Partial<SyncOptions>>>> = {
  quick: { mode: 'quick' },
  'dry-run': { mode: 'dry-run' },
  anew: { mayResume: false },
};

/** An account that is read by one inventory all the time, and by a new one now and then. */
class Account implements Disposable {
  readonly #account: EmulatedAccount;
  readonly #id: string;
  readonly #emulator: Emulator;
  readonly #env: Record<string, string>;
  readonly #folder = makeFolder();
  readonly #shown = new ShownTexts();
  readonly #gone: string[] = [];
  readonly #earlier: string[] = [];

  constructor(emulator: Emulator, baseUrl: string, id: string, images: number, version: string) {
    this.#emulator = emulator;
    this.#id = id;
    this.#account = emulator.addAccount({ id, images, seed: images });
    this.#env = {
      CLOUDFLARE_BASE_URL: baseUrl,
      CLOUDFLARE_ACCOUNT_ID: id,
      CLOUDFLARE_API_TOKEN: EMULATED_CREDENTIALS.token,
      IMAGE_INVENTORY_API: version,
      IMAGE_INVENTORY_PER_PAGE: '10',
    };
    this.#note();
  }

  [Symbol.dispose](): void {
    this.#emulator.removeAccount(this.#id);
    this.#emulator.requests.length = 0;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #database(): string {
    return join(this.#folder, 'inventory.db');
  }

  async play({ before, run, request }: Round): Promise<void> {
    for (const change of before) this.#change(change);
    const stop = new AbortController();
    let requests = 0;
    const onRequest = (): void => {
      requests += 1;
      if (run === 'stopped' && requests === request) stop.abort(new Failure('STOPPED', 'stopped'));
    };
    this.#emulator.prependListener('request', onRequest);
    const env = run === 'filtered' ? { IMAGE_INVENTORY_CREATOR: 'c1' } : {};
    const isDone = await this.#sync(this.#database, OPTIONS[run] ?? {}, env, stop.signal);
    this.#emulator.off('request', onRequest);
    expect(isDone || run === 'stopped').toBe(true);
    this.#expectSound();
    // A run that went on behind another may not have seen what changed on the pages that it did not read again.
    const isWhole = isDone && (run === 'full' || run === 'anew') && !this.#hasResumed();
    if (isWhole) await this.#expectMirrored();
  }

  async #sync(
    database: string,
    options: Partial<SyncOptions>,
    env: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<boolean> {
    const session = openSessionWith({ ...this.#env, ...env, IMAGE_INVENTORY_DB: database });
    try {
      const { failure } = await session.sync(options, signal);
      if (failure !== undefined && failure.code !== 'STOPPED') throw failure;
      return failure === undefined;
    } finally {
      await session.close();
    }
  }

  #change(change: Mutation | Rewriting): void {
    const ids = idsOf(this.#account);
    const id = ids[change.seed % Math.max(1, ids.length)];
    const text = id === undefined ? undefined : this.#account.find(id);
    if (text !== undefined) this.#earlier.push(text);
    if (!isRewriting(change)) mutate(this.#account, change, this.#gone);
    else if (id !== undefined && text !== undefined) this.#rewrite(change, id, text);
    this.#note();
  }

  #rewrite({ kind, seed }: Rewriting, id: string, text: string): void {
    switch (kind) {
      case 'respell':
        this.#replace(id, reversed(text));
        return;
      case 'again':
        this.#account.delete(id);
        this.#account.upload({ id });
        this.#replace(id, text);
        return;
      case 'back': {
        const earlier = this.#earlier[seed % this.#earlier.length] ?? text;
        this.#replace((parseJson(earlier) as { id: string }).id, earlier);
      }
    }
  }

  /** Makes an image what a text says, if there is such an image. */
  #replace(id: string, text: string): void {
    if (!idsOf(this.#account).includes(id)) return;
    this.#account.replace(id, parseJson(text) as { id: string });
  }

  #hasResumed(): boolean {
    const last = 'SELECT resumed_run FROM runs ORDER BY run_id DESC LIMIT 1';
    return query(this.#database, last)[0]?.['resumed_run'] !== null;
  }

  #note(): void {
    this.#shown.note(this.#account.list(0, this.#account.size));
  }

  #expectSound(): void {
    expect(this.#shown.faultsOf(this.#database)).toEqual([]);
    const { checks } = verifyInventory(this.#database, undefined);
    expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
  }

  /** The inventory is what the account is, and what one says that has never read it before. */
  async #expectMirrored(): Promise<void> {
    const fresh = join(this.#folder, 'fresh.db');
    await this.#sync(fresh, {});
    const [seen, seenAfresh] = [this.#database, fresh].map((file) => imagesAsApi(file, this.#id));
    expect(meant(seen)).toEqual(meant(accountAsApi(this.#account.all())));
    expect(meant(seen)).toEqual(meant(seenAfresh));
    // The same texts, too, have the same sum; other words of the same may stay as they were.
    const sums = [this.#database, fresh].map((file) =>
      query(file, 'SELECT content_hash FROM runs ORDER BY run_id DESC LIMIT 1'),
    );
    if (rowsOf(this.#database) === rowsOf(fresh)) expect(sums[0]).toEqual(sums[1]);
    for (const suffix of ['', '-wal', '-shm']) rmSync(fresh + suffix, { force: true });
  }
}

function isRewriting(change: Mutation | Rewriting): change is Rewriting {
  return change.kind === 'respell' || change.kind === 'again' || change.kind === 'back';
}

function rowsOf(file: string): string {
  const columns = 'id, filename, creator, meta, require_signed_urls, uploaded, variants, extra';
  return JSON.stringify([
    query(file, `SELECT ${columns} FROM images ORDER BY id`),
    query(file, 'SELECT image_id, field FROM image_nulls ORDER BY image_id, field'),
  ]);
}

/** Key order is no meaning. */
function meant(images: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  return new Map([...images].map(([id, text]) => [id, canonicalJson(text)]));
}

/** The same JSON with the members of every object the other way around. */
function reversed(text: string): string {
  const turn = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turn);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, member]) => [key, turn(member)])
        .toReversed(),
    );
  };
  return JSON.stringify(turn(parseJson(text)));
}

const cases = casesOf(25);
const servers = new Map<string, { readonly emulator: Emulator; readonly baseUrl: string }>();
let accounts = 0;

beforeAll(async () => {
  for (const listOrder of LIST_ORDERS) {
    const emulator = new Emulator({ accounts: [], quirks: { listOrder } });
    servers.set(listOrder, { emulator, baseUrl: await emulator.listen() });
  }
});
afterAll(async () => {
  for (const { emulator } of servers.values()) await emulator.close();
});

test(
  'whatever is known again is as it is: no inventory differs from one that reads everything',
  { timeout: timeoutOf(cases) },
  async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...LIST_ORDERS),
      fc.constantFrom('v1', 'v1', 'v2'),
      fc.nat(45),
      fc.array(rounds, { minLength: 3, maxLength: 8 }),
      async (order, version, images, all) => {
        const server = servers.get(order);
        if (server === undefined) throw new RangeError(order);
        accounts += 1;
        const { emulator, baseUrl } = server;
        using account = new Account(emulator, baseUrl, `account-${accounts}`, images, version);
        for (const round of all) await account.play(round);
        await account.play({ before: [], run: 'anew', request: 0 });
      },
    );
    await fc.assert(property, cases);
  },
);
