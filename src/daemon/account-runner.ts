import type PQueue from 'p-queue';
import { asFailure, Failure } from '../inventory/failure.ts';
import type { Clock } from '../sync/ports/clock.ts';
import type { AccountEvent, FailedResult, RunKind, RunResult } from './events.ts';
import { patienceAfter } from './patience.ts';
import { Retries } from './retries.ts';
import { isNews, prolong, type Streak } from './streak.ts';

export interface RunnerOptions {
  readonly clock: Clock;
  /** Resolves when no earlier runner is at work on the account. */
  readonly turn: Promise<void>;
  /** One run. What goes wrong is part of its result. */
  readonly run: (kind: RunKind, signal: AbortSignal) => Promise<RunResult>;
  readonly tell: (event: AccountEvent) => void;
  /** When the schedule calls for a run next, in milliseconds since 1970. */
  readonly nextTick: (kind: RunKind) => number;
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/** What a new configuration may change of a runner. */
export interface RunnerLimits {
  /** Bounds the runs at once of all accounts that share a quota; the first that came is the first to run. */
  readonly lane: PQueue;
  /** A run that the schedule calls for begins up to this much later, at random. */
  readonly jitterMs: number;
}

/**
 * Runs one account, never twice at once. A run that failed is tried again after ever longer waits; a kind of run that was
 * refused is not even begun by the schedule for a while.
 */
export class AccountRunner {
  readonly #options: RunnerOptions;
  readonly #retries: Retries;
  readonly #retirement = new AbortController();
  readonly #signal: AbortSignal;
  readonly #streaks = new Map<RunKind, Streak>();
  #limits: RunnerLimits;
  /** Until when the schedule is not followed, as {@link Clock.elapsed} counts. */
  readonly #holdOffs = new Map<RunKind, number>();
  #underWay: Promise<void> | undefined;
  /** What the run under way will be, until it begins. */
  #waiting: RunKind | undefined;

  constructor(options: RunnerOptions, limits: RunnerLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#signal = AbortSignal.any([options.signal, this.#retirement.signal]);
    this.#retries = new Retries(options.clock, this.#signal, () => this.#underWay);
  }

  /** Failures in a row; `undefined` for a kind of run that works. */
  streak(kind: RunKind): Streak | undefined {
    return this.#streaks.get(kind);
  }

  /** When a failed run is tried again, in milliseconds since 1970; `Infinity` when only the schedule does. */
  retryAt(kind: RunKind): number {
    return this.#retries.at(kind);
  }

  /** How long the schedule is not followed, in milliseconds. */
  holdOffMs(kind: RunKind): number {
    return Math.max(0, (this.#holdOffs.get(kind) ?? 0) - this.#options.clock.elapsed());
  }

  get isBusy(): boolean {
    return this.#underWay !== undefined;
  }

  /** Resolves when no run is under way. */
  async whenIdle(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay;
  }

  /** The schedule calls for a run. */
  tick(mode: RunKind): void {
    const { random, tell } = this.#options;
    if (this.#signal.aborted) return;
    // A quick run that still waits for its turn would find less than the full one that it would keep away.
    if (this.#waiting === 'quick' && mode === 'full') this.#waiting = 'full';
    else if (this.isBusy) tell({ type: 'daemon.skipped', mode, reason: 'busy' });
    else if (this.holdOffMs(mode) > 0) tell({ type: 'daemon.skipped', mode, reason: 'refused' });
    else this.#start(mode, random() * this.#limits.jitterMs);
  }

  /** Takes what a new configuration says. What it may have mended is tried at once. */
  apply(limits: RunnerLimits): void {
    this.#limits = limits;
    this.#holdOffs.clear();
    // A full run first: it finds all that a quick one would.
    for (const kind of ['full', 'quick'] as const)
      if (this.#streaks.has(kind)) this.#retry(kind, 0);
  }

  /** The account is no longer configured: the run under way is stopped, and no other begins. */
  retire(): void {
    this.#retirement.abort(new Failure('STOPPED', 'the account is no longer configured'));
  }

  #start(kind: RunKind, delayMs: number): void {
    this.#waiting = kind;
    this.#underWay = this.#attempt(delayMs).finally(() => {
      this.#waiting = undefined;
      this.#underWay = undefined;
    });
  }

  async #attempt(delayMs: number): Promise<void> {
    const { clock, turn } = this.#options;
    const signal = this.#signal;
    try {
      if (delayMs > 0) await clock.wait(delayMs, signal);
      await turn;
      // Not told of the signal, the lane waits until the run has really ended.
      await this.#limits.lane.add(() => (signal.aborted ? undefined : this.#run()));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #run(): Promise<void> {
    const kind = this.#waiting ?? 'full';
    this.#waiting = undefined;
    this.#retries.cancel(kind);
    const began = this.#limits;
    try {
      this.#learn(kind, await this.#options.run(kind, this.#signal), began);
    } catch (error) {
      if (this.#signal.aborted) return;
      const failure = asFailure(error);
      const result = { runId: undefined, mode: kind, counts: undefined, isBaseline: false };
      this.#learn(kind, { ...result, failure }, began);
    }
  }

  /** @param began - What was in force when the run began. */
  #learn(kind: RunKind, result: RunResult, began: RunnerLimits): void {
    const { tell } = this.#options;
    const { failure } = result;
    if (failure?.code === 'STOPPED') return;
    if (failure === undefined) {
      this.#recover(kind, result);
      // A quick run may have become a full one.
      if (kind === 'quick' && result.mode === 'full') this.#recover('full', result);
    } else this.#fail(kind, { ...result, failure }, began !== this.#limits);
    tell({ type: 'daemon.ended', mode: kind, result });
  }

  #recover(mode: RunKind, result: RunResult): void {
    const streak = this.#streaks.get(mode);
    this.#streaks.delete(mode);
    this.#holdOffs.delete(mode);
    this.#retries.cancel(mode);
    if (streak === undefined) return;
    const { failures, since } = streak;
    this.#options.tell({ type: 'daemon.recovered', mode, result, failures, since });
  }

  /** @param isOutdated - Whether a new configuration has come since the run began: what failed may be mended. */
  #fail(mode: RunKind, result: FailedResult, isOutdated: boolean): void {
    const { clock, tell, nextTick } = this.#options;
    const { failure } = result;
    const before = this.#streaks.get(mode);
    const streak = prolong(before, failure, clock.now());
    this.#streaks.set(mode, streak);
    if (isNews(before, failure)) tell({ type: 'daemon.failing', mode, result });
    const { retryMs, holdOffMs } = isOutdated
      ? { retryMs: 0, holdOffMs: 0 }
      : patienceAfter(failure.code, streak.alike);
    this.#holdOffs.set(mode, clock.elapsed() + holdOffMs);
    const retryAt = clock.now() + (retryMs ?? Infinity);
    if (retryMs !== undefined && retryAt < nextTick(mode)) this.#retry(mode, retryMs);
  }

  #retry(kind: RunKind, ms: number): void {
    this.#retries.plan(kind, ms, () => {
      if (this.#streaks.has(kind)) this.#start(kind, 0);
    });
  }
}
