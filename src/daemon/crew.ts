import PQueue from 'p-queue';
import { AccountRunner, type RunnerOptions } from './account-runner.ts';
import type { Plan } from './plan.ts';

/** The runners of all configured accounts, and the lanes that they share. */
export class Crew {
  readonly #runners = new Map<string, AccountRunner>();
  /** Of accounts that are no longer configured, while their last run is being stopped. */
  readonly #leaving = new Set<AccountRunner>();
  readonly #lanes = new Map<string, PQueue>();
  readonly #hire: (accountId: string) => RunnerOptions;

  /** @param hire - What the runner of an account that is new needs. */
  constructor(hire: (accountId: string) => RunnerOptions) {
    this.#hire = hire;
  }

  get runners(): Iterable<AccountRunner> {
    return this.#runners.values();
  }

  /** `undefined` if the account is not configured any more. */
  runnerOf(accountId: string): AccountRunner | undefined {
    return this.#runners.get(accountId);
  }

  /** Follows a plan. @returns The accounts that are new. */
  apply(plan: Plan): readonly AccountRunner[] {
    this.#dismiss(new Set(plan.accounts.map(({ id }) => id)));
    const hired: AccountRunner[] = [];
    for (const { id, lane: name, laneWidth } of plan.accounts) {
      const lane = this.#lanes.get(name) ?? new PQueue();
      lane.concurrency = laneWidth;
      this.#lanes.set(name, lane);
      const limits = { lane, jitterMs: plan.jitterMs };
      const known = this.#runners.get(id);
      if (known !== undefined) {
        known.apply(limits);
        continue;
      }
      const runner = new AccountRunner(this.#hire(id), limits);
      this.#runners.set(id, runner);
      hired.push(runner);
    }
    const used = new Set(plan.accounts.map(({ lane }) => lane));
    for (const name of this.#lanes.keys()) if (!used.has(name)) this.#lanes.delete(name);
    return hired;
  }

  #dismiss(staying: ReadonlySet<string>): void {
    for (const [id, runner] of this.#runners) {
      if (staying.has(id)) continue;
      runner.retire();
      this.#leaving.add(runner);
      void runner.whenIdle().then(() => this.#leaving.delete(runner));
      this.#runners.delete(id);
    }
  }

  /** Resolves when no run is under way, also of accounts that are no longer configured. */
  async whenIdle(): Promise<void> {
    const all = [...this.#runners.values(), ...this.#leaving];
    while (all.some(({ isBusy }) => isBusy)) {
      await Promise.all(all.map((runner) => runner.whenIdle()));
    }
  }
}
