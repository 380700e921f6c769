import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SyncOptions } from '../../src/app/sync-accounts.ts';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import type { FaultName, ListOrder } from '../../src/emulator/choices.ts';
import { Failure } from '../../src/inventory/failure.ts';
import type { RunMode } from '../../src/sync/ports/stage.ts';
import type { RunOutcome } from '../../src/sync/run.ts';
import { makeFolder } from '../support/folder.ts';
import { snapshot, type Snapshot } from '../support/history.ts';
import { query } from '../support/inventory.ts';
import { idsOf, mutate, type Mutation } from './mutations.ts';

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
  readonly outcome: Outcome | undefined;
  /** Images that were there all the time since the reading of this run's pages began, interrupted runs included. */
  readonly throughout: ReadonlySet<string>;
  /** Images that were there at some time since then. */
  readonly ever: ReadonlySet<string>;
  /** Whether the account was left alone since then, and nothing went wrong. */
  readonly wasStill: boolean;
  /** What the run was, which is not always what was wished for; `undefined` if the ledger has none. */
  readonly mode: RunMode | undefined;
}

type Outcome = Pick<RunOutcome, 'counts' | 'failure'>;

/** How the program is made to read an account. */
export interface Driver {
  readonly account: EmulatedAccount;
  readonly accountId: string;
  /** One run of a fresh process on this file. @param onRequest - Called at each request, before it is answered. */
  readonly run: (
    database: string,
    options: Partial<SyncOptions>,
    onRequest: () => void,
    signal: AbortSignal,
  ) => Promise<Outcome>;
  /** Answers the request under way with a fault. */
  readonly err: (name: FaultName) => void;
  readonly dispose: () => void;
}

/** An emulated account and the inventory that is kept of it, through runs, interruptions and crashes. */
export class World implements Disposable {
  readonly account: EmulatedAccount;
  readonly accountId: string;
  readonly #driver: Driver;
  readonly #root = makeFolder();
  readonly #gone: string[] = [];
  #life = 0;
  #throughout: Set<string> | undefined;
  #ever = new Set<string>();
  #isStill = true;
  #seen: Snapshot = new Map();
  /** What readers saw after each published run. */
  readonly history = new Map<number, Snapshot>();

  constructor(driver: Driver) {
    this.#driver = driver;
    this.account = driver.account;
    this.accountId = driver.accountId;
    mkdirSync(this.#folder());
  }

  [Symbol.dispose](): void {
    this.#driver.dispose();
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** What readers see since the last round. */
  get seen(): Snapshot {
    return this.#seen;
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
    const told = { outcome, throughout, ever: this.#ever, wasStill: this.#isStill };
    // Whatever was not interrupted leaves nothing that a later run might go on with.
    if (!crashed && outcome?.failure?.code !== 'STOPPED') this.#beginAnew();
    this.#look();
    return { ...told, mode: this.#lastMode() };
  }

  async #run(round: Round): Promise<{ outcome: Outcome | undefined; crashed: boolean }> {
    const stop = new AbortController();
    const during = [...round.during];
    const seen = { requests: 0, crashed: false };
    const onRequest = (): void => {
      seen.requests += 1;
      const mutation = seen.crashed ? undefined : during.shift();
      if (mutation) this.#mutate(mutation);
      const { fault, interruption } = round;
      if (interruption?.request === seen.requests) {
        if (interruption.kind === 'crash') {
          this.#copyFiles();
          seen.crashed = true;
        }
        stop.abort(new Failure('STOPPED', 'stopped before its end'));
      }
      if (fault?.request !== seen.requests) return;
      this.#isStill = false;
      this.#driver.err(fault.name);
    };
    const outcome = await this.#driver.run(this.database, round.options, onRequest, stop.signal);
    return { outcome: seen.crashed ? undefined : outcome, crashed: seen.crashed };
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

  /** Looks at the inventory as a reader does, and remembers what each published run made of it. */
  #look(): void {
    this.#seen = snapshot(this.database);
    const published = query(
      this.database,
      `SELECT run_id FROM runs WHERE status = 'complete' AND mode <> 'dry-run'`,
    );
    for (const { run_id: runId } of published) {
      if (!this.history.has(Number(runId))) this.history.set(Number(runId), this.#seen);
    }
  }

  #lastMode(): RunMode | undefined {
    const [last] = query(this.database, 'SELECT mode FROM runs ORDER BY run_id DESC LIMIT 1');
    return last?.['mode'] as RunMode | undefined;
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
