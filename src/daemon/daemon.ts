import { once } from 'node:events';
import type { Clock } from '../sync/ports/clock.ts';
import type { AccountRunner } from './account-runner.ts';
import { Agenda, type Due, type Duty } from './agenda.ts';
import type { Cron } from './cron.ts';
import { Crew } from './crew.ts';
import type { AccountEvent, DaemonEvent, RunKind, RunResult } from './events.ts';
import type { Plan } from './plan.ts';
import type { Streak } from './streak.ts';
import { followAgenda } from './timetable.ts';

export interface DaemonPorts {
  readonly clock: Clock;
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** One run of one account. What goes wrong is part of its result. */
  readonly run: (accountId: string, kind: RunKind, signal: AbortSignal) => Promise<RunResult>;
  /** Tidies the database; called at a quiet moment if there is one, but runs may be under way. */
  readonly housekeep: (signal: AbortSignal) => Promise<void>;
  readonly tell: (event: DaemonEvent) => void;
}

/** What can be seen of one account from outside. Times are milliseconds since 1970. */
export interface AccountView {
  readonly accountId: string;
  readonly isBusy: boolean;
  /** `at` is `Infinity` if it never runs again. */
  readonly next: { readonly at: number; readonly mode: RunKind };
  /** Failures in a row, of each kind of run that fails; full runs first. */
  readonly streaks: readonly KindStreak[];
}

export interface KindStreak extends Streak {
  readonly mode: RunKind;
}

/** Without a sign of life for this long, something blocks the process. */
const LONGEST_SILENCE_MS = 300_000;

/** Where some account is always being read, a quiet moment is waited for no longer than this. */
const LONGEST_UNTIDY_MS = 3_600_000;

/**
 * Keeps the inventory of several accounts up to date for as long as the process lives: runs at the start and on the
 * schedule, tries again what failed, tidies at a quiet time, and takes a new plan while it works.
 */
export class Daemon {
  readonly #ports: DaemonPorts;
  readonly #crew: Crew;
  readonly #signal: AbortSignal;
  #plan: Plan;
  #agenda: Agenda;
  #timetable = new AbortController();
  #tidying: Promise<void> | undefined;
  /** As {@link Clock.elapsed} counts. */
  #lookedAt: number;

  /** @param signal - Ends everything. */
  constructor(ports: DaemonPorts, plan: Plan, signal: AbortSignal) {
    const { clock, run, random } = ports;
    this.#ports = ports;
    this.#signal = signal;
    this.#plan = plan;
    this.#agenda = new Agenda(cronsOf(plan), clock.now());
    this.#lookedAt = clock.elapsed();
    this.#crew = new Crew((accountId) => ({
      clock,
      random,
      signal,
      run: (kind, stop) => run(accountId, kind, stop),
      tell: (event) => this.#hear(accountId, event),
      nextTick: (kind) => this.#agenda.next(kind),
    }));
  }

  /** Works until the signal aborts, then stops what is under way and waits for it. */
  async work(): Promise<void> {
    const { tell } = this.#ports;
    const signal = this.#signal;
    tell({ type: 'daemon.started', plan: this.#plan });
    this.#begin();
    if (!signal.aborted) await once(signal, 'abort');
    tell({ type: 'daemon.stopping' });
    this.#timetable.abort();
    await this.#crew.whenIdle();
    await this.#tidying;
  }

  /** Goes on by another plan. Runs under way are not disturbed, but for those of accounts that are gone. */
  apply(plan: Plan): void {
    if (this.#signal.aborted) return;
    this.#timetable.abort();
    const now = this.#ports.clock.now();
    const due = this.#agenda.take(now);
    this.#plan = plan;
    this.#agenda = new Agenda(cronsOf(plan), now);
    this.#begin();
    // What came due a moment ago would be lost with the old agenda.
    if (due.duties.size > 0) this.#attend(due);
  }

  /** Whether the process still looks at the clock. */
  get isAlive(): boolean {
    return this.#ports.clock.elapsed() - this.#lookedAt < LONGEST_SILENCE_MS;
  }

  /** The configured accounts, in their order. */
  view(): readonly AccountView[] {
    return this.#plan.accounts.flatMap(({ id }) => this.viewOf(id) ?? []);
  }

  /** One of them; `undefined` if it is not configured any more. */
  viewOf(accountId: string): AccountView | undefined {
    const runner = this.#crew.runnerOf(accountId);
    if (runner === undefined) return undefined;
    const { isBusy } = runner;
    return { accountId, isBusy, next: this.#nextOf(runner), streaks: streaksOf(runner) };
  }

  #begin(): void {
    const hired = this.#crew.apply(this.#plan);
    this.#timetable = new AbortController();
    const { clock } = this.#ports;
    for (const runner of this.#plan.runOnStart ? hired : []) runner.tick('full');
    for (const view of this.view()) if (!view.isBusy) this.#schedule(view);
    void followAgenda(
      this.#agenda,
      clock,
      this.#timetable.signal,
      (due) => this.#attend(due),
      () => (this.#lookedAt = clock.elapsed()),
    );
  }

  #attend({ duties, missed }: Due): void {
    if (missed > 0) this.#ports.tell({ type: 'daemon.missed', missed });
    // A full run finds what a quick one would.
    const kind = duties.has('full') ? 'full' : duties.has('quick') ? 'quick' : undefined;
    if (kind !== undefined) for (const runner of this.#crew.runners) runner.tick(kind);
    if (duties.has('housekeeping')) this.#tidy();
  }

  #tidy(): void {
    const tidy = async (): Promise<void> => {
      const { clock, housekeep } = this.#ports;
      const patience = new AbortController();
      const signal = AbortSignal.any([this.#signal, patience.signal]);
      const lateness = clock.wait(LONGEST_UNTIDY_MS, signal).catch(() => undefined);
      await Promise.race([this.#crew.whenIdle(), lateness]);
      patience.abort();
      if (!this.#signal.aborted) await housekeep(this.#signal);
    };
    this.#tidying ??= tidy().finally(() => (this.#tidying = undefined));
  }

  #hear(accountId: string, event: AccountEvent): void {
    this.#ports.tell({ accountId, ...event });
    const view = event.type === 'daemon.ended' ? this.viewOf(accountId) : undefined;
    if (view !== undefined) this.#schedule(view);
  }

  #schedule({ accountId, next: { mode, at } }: AccountView): void {
    this.#ports.tell({ type: 'daemon.scheduled', accountId, mode, next: at });
  }

  #nextOf(runner: AccountRunner): AccountView['next'] {
    const full = this.#nextRun(runner, 'full');
    const quick = this.#nextRun(runner, 'quick');
    return quick < full ? { mode: 'quick', at: quick } : { mode: 'full', at: full };
  }

  #nextRun(runner: AccountRunner, kind: RunKind): number {
    const holdOffMs = runner.holdOffMs(kind);
    if (holdOffMs === 0) return Math.min(this.#agenda.next(kind), runner.retryAt(kind));
    return this.#plan.crons[kind]?.next(this.#ports.clock.now() + holdOffMs) ?? Infinity;
  }
}

function streaksOf(runner: AccountRunner): readonly KindStreak[] {
  return (['full', 'quick'] as const).flatMap((mode) => {
    const streak = runner.streak(mode);
    return streak === undefined ? [] : [{ mode, ...streak }];
  });
}

function cronsOf({ crons }: Plan): ReadonlyMap<Duty, Cron> {
  const { full, quick, housekeeping } = crons;
  const all: [Duty, Cron | undefined][] = [
    ['full', full],
    ['quick', quick],
    ['housekeeping', housekeeping],
  ];
  return new Map(all.flatMap(([duty, cron]) => (cron === undefined ? [] : [[duty, cron]])));
}
