import { expect } from 'vitest';
import type { Counts } from '../../src/inventory/change.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import type { Stage } from '../../src/sync/ports/stage.ts';
import { reading } from '../support/inventory.ts';
import {
  END,
  FAILED,
  imageOf,
  openStore,
  STOPPED,
  suspectsOf,
  type OpenedStore,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';

/** Images by their ids; of each its file name is all that is looked at. */
type Images = Map<string, string>;

/** One thing done to one account. */
export type Step =
  | { readonly what: 'begin'; readonly isDry: boolean; readonly mayResume: boolean }
  | { readonly what: 'page'; readonly images: readonly (readonly [id: string, name: string])[] }
  | { readonly what: 'publish'; readonly areGone: boolean }
  | { readonly what: 'restart' | 'abandon' | 'suspend' };

/** An account of an inventory, and beside it what should have become of it. */
class ModelledAccount {
  readonly id: string;
  /** What readers should see. */
  shown: Images = new Map();
  status: string | undefined;
  #stage: Stage | undefined;
  #isDry = false;
  #isBaseline = true;
  readonly #removed = new Set<string>();
  /** What the pages showed of the run under way, or of one that may be gone on with. */
  #read: Images = new Map();
  #pages = 0;
  /** A first inventory may count an image again that it was shown again, until it is settled. */
  #isExact = false;

  constructor(id: string) {
    this.id = id;
  }

  /** Does one step with the real stage, and says how it ends. */
  do(step: Step, begin: OpenedStore['begin']): void {
    if (step.what === 'begin') {
      this.#begin(step, begin);
      return;
    }
    const stage = this.#stage ?? this.#begin({ isDry: false, mayResume: true }, begin);
    if (step.what === 'page') this.#add(stage, step.images);
    else if (step.what === 'publish') this.#publish(stage, step.areGone);
    else if (step.what === 'restart') this.#restart(stage);
    else this.#giveUp(stage, step.what);
  }

  /** The process is gone, and with it whatever it held in memory. */
  die(): void {
    if (this.#stage !== undefined) this.status = 'interrupted';
    this.#stage = undefined;
  }

  #begin(run: { isDry: boolean; mayResume: boolean }, begin: OpenedStore['begin']): Stage {
    const { isDry, mayResume } = run;
    const mode = isDry ? 'dry-run' : 'full';
    if (this.#stage !== undefined) {
      expect(() => begin({ accountId: this.id, mode })).toThrow('under way already');
      return this.#stage;
    }
    const isResumed = this.status === 'interrupted' && mayResume && this.#pages > 0;
    if (!isResumed) this.#forget();
    const stage = begin({ accountId: this.id, mode, mayResume });
    stage.expect(1_000_000);
    expect(stage.resumed?.pages.length ?? 0).toBe(this.#pages);
    this.#stage = stage;
    this.#isDry = isDry;
    this.#isExact = !this.#isBaseline;
    this.status = 'running';
    this.#expectStaged(stage);
    return stage;
  }

  #add(stage: Stage, images: readonly (readonly [string, string])[]): void {
    this.#pages += 1;
    const fresh = images.filter(([id]) => !this.#read.has(id)).length;
    const page = images.map(([id, name]) => imageOf(id, name));
    const added = stage.add(pageOf(page, { number: this.#pages }));
    expect(added).toBeGreaterThanOrEqual(fresh);
    if (this.#isExact) expect(added).toBe(fresh);
    for (const [id, name] of images) this.#read.set(id, name);
    if (this.#pages % 3 === 0) this.#settle(stage);
    this.#expectStaged(stage);
  }

  #settle(stage: Stage): void {
    stage.settle();
    this.#isExact = true;
  }

  #restart(stage: Stage): void {
    stage.restart();
    this.#forget();
    this.#expectStaged(stage);
  }

  #publish(stage: Stage, areGone: boolean): void {
    const listed = this.#read.size;
    const next = new Map(this.#read);
    if (areGone) stage.condemnRest();
    for (const id of suspectsOf(stage)) {
      const name = this.shown.get(id) ?? 'unknown';
      stage.acquit(imageOf(id, name));
      next.set(id, name);
    }
    const told: string[] = [];
    const counts = this.#isDry
      ? stage.rehearse(END, ({ imageId }) => told.push(imageId))
      : stage.publish(END);
    expect(counts).toEqual({ listed, ...this.#difference(next) });
    if (this.#isDry) expect(told.filter((id) => next.has(id) || this.shown.has(id))).toEqual(told);
    else this.#show(next);
    this.#end('complete');
  }

  /** What a run that found this should count. */
  #difference(next: Images): Omit<Counts, 'listed'> {
    const { shown } = this;
    const come = [...next.keys()].filter((id) => !shown.has(id));
    const stayed = [...next].filter(([id]) => shown.has(id));
    const changed = stayed.filter(([id, name]) => shown.get(id) !== name).length;
    const restored = this.#isBaseline ? 0 : come.filter((id) => this.#removed.has(id)).length;
    const removed = shown.size - stayed.length;
    const unchanged = stayed.length - changed;
    return { added: come.length - restored, changed, removed, restored, unchanged };
  }

  #show(next: Images): void {
    for (const id of this.shown.keys()) if (!next.has(id)) this.#removed.add(id);
    for (const id of next.keys()) this.#removed.delete(id);
    this.shown = next;
    this.#isBaseline = false;
  }

  #giveUp(stage: Stage, how: 'abandon' | 'suspend'): void {
    if (how === 'abandon') {
      stage.abandon(END, FAILED);
      this.#end('failed');
      return;
    }
    stage.suspend(END, STOPPED);
    this.#stage = undefined;
    this.status = 'interrupted';
  }

  #end(status: string): void {
    this.#stage = undefined;
    this.status = status;
    this.#forget();
  }

  #forget(): void {
    this.#read = new Map();
    this.#pages = 0;
  }

  /** What the stage knows of its own account, whatever the others stage meanwhile. */
  #expectStaged(stage: Stage): void {
    const suspects = [...this.shown.keys()].filter((id) => !this.#read.has(id));
    const { listed } = stage;
    expect(listed).toBeGreaterThanOrEqual(this.#read.size);
    expect({ listed, stored: stage.stored, suspects: suspectsOf(stage) }).toEqual({
      listed: this.#isExact ? this.#read.size : listed,
      stored: this.shown.size,
      suspects: suspects.sort(),
    });
  }
}

/** An inventory of several accounts, whose runs are under way at once. */
export class SeveralAccounts implements Disposable {
  readonly #accounts: readonly ModelledAccount[];
  #store = openStore();

  constructor(count: number) {
    this.#accounts = Array.from(
      { length: count },
      (_, index) => new ModelledAccount(`acc${index}`),
    );
  }

  [Symbol.dispose](): void {
    this.#store.die();
  }

  do(account: number, step: Step): void {
    this.#accounts[account]?.do(step, this.#store.begin);
  }

  /** Ends the process in the midst of everything, and starts another. */
  die(): void {
    this.#store.die();
    for (const account of this.#accounts) account.die();
    this.#store = openStore(this.#store.path);
  }

  /** Readers see of each account what its last published run found, and the file is sound. */
  expectSound(): void {
    const { path } = this.#store;
    const found = reading(path, (ask) =>
      this.#accounts.map(({ id }) => ({
        status: ask('SELECT status FROM runs WHERE account_id = ? ORDER BY run_id DESC', id)[0]?.[
          'status'
        ],
        images: ask('SELECT id, filename FROM images WHERE account_id = ? ORDER BY id', id),
      })),
    );
    expect(found).toEqual(
      this.#accounts.map(({ status, shown }) => ({
        status,
        images: [...shown].sort().map(([id, filename]) => ({ id, filename })),
      })),
    );
    const { checks } = verifyInventory(path, undefined);
    expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
  }
}
