import { Registry } from '@prometheus-io/client';
import type { ChangeKind } from '../inventory/change.ts';
import { endingOf } from '../sync/ending.ts';
import type { Emit, RunEvent } from '../sync/events.ts';
import type { RunStatus } from '../sync/ports/stage.ts';
import { createInstruments, type Instruments, type Readings } from './instruments.ts';
import { registerProcessMetrics } from './process-metrics.ts';

/** How many images an account has, and how many of its images are gone. */
export interface ImageTotals {
  readonly present: number;
  readonly removed: number;
}

/** What became of a delivery to the webhook. */
export type DeliveryResult = (typeof RESULTS)[number];

export interface MetricsOptions extends Readings {
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const STATUSES = [
  'complete',
  'incomplete',
  'held',
  'failed',
  'interrupted',
] as const satisfies readonly Exclude<RunStatus, 'running'>[];
const KINDS = ['added', 'changed', 'removed', 'restored'] as const satisfies readonly ChangeKind[];
const STATES = ['present', 'removed'] as const satisfies readonly (keyof ImageTotals)[];
const RESULTS = ['delivered', 'failed', 'dropped'] as const;
/** What an API answers that can be reckoned with; others appear when they come. */
const HTTP_STATUSES = [200, 400, 401, 403, 404, 429, 500, 502, 503, 504, 'error'] as const;

/**
 * The daemon's figures for Prometheus, in a registry of their own. Runs feed them with their events; a label
 * is an account, a status or a kind, never anything of an image. Whatever is counted begins at 0 rather than
 * with its first event, for an increase can be seen only between two samples.
 */
export class Metrics {
  readonly #registry = new Registry(Registry.PROMETHEUS_CONTENT_TYPE);
  readonly #instruments: Instruments;
  readonly #now: () => number;
  readonly #accounts = new Set<string>();

  constructor({ version, now, ...readings }: MetricsOptions) {
    this.#now = now;
    const instruments = createInstruments(this.#registry, readings);
    this.#instruments = instruments;
    registerProcessMetrics(this.#registry);
    instruments.buildInfo.set({ version }, 1);
    for (const status of HTTP_STATUSES) instruments.httpRequests.inc({ status }, 0);
    for (const result of RESULTS) instruments.deliveries.inc({ result }, 0);
  }

  /** What `/metrics` is served as. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The figures in Prometheus's text format. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  /**
   * Begins to show an account.
   *
   * @param lastSuccessAt - When its last complete full run ended, in milliseconds since 1970; `undefined` if there is none.
   */
  addAccount(accountId: string, totals: ImageTotals, lastSuccessAt: number | undefined): void {
    const { runs, changes, failures } = this.#instruments;
    this.#accounts.add(accountId);
    for (const status of STATUSES) runs.inc({ account_id: accountId, status }, 0);
    for (const kind of KINDS) changes.inc({ account_id: accountId, kind }, 0);
    failures.set({ account_id: accountId }, 0);
    this.setImages(accountId, totals);
    if (lastSuccessAt !== undefined) this.#succeeded(accountId, lastSuccessAt);
  }

  /** Shows an account no more. */
  removeAccount(accountId: string): void {
    const { runs, changes, images, failures, lastSuccess, nextRun } = this.#instruments;
    const account = { account_id: accountId };
    this.#accounts.delete(accountId);
    for (const status of STATUSES) runs.remove({ ...account, status });
    for (const kind of KINDS) changes.remove({ ...account, kind });
    for (const state of STATES) images.remove({ ...account, state });
    for (const gauge of [failures, lastSuccess, nextRun]) gauge.remove(account);
  }

  setImages(accountId: string, totals: ImageTotals): void {
    for (const state of STATES) {
      this.#instruments.images.set({ account_id: accountId, state }, totals[state]);
    }
  }

  /** How many runs of the account have failed since its last complete one. */
  setConsecutiveFailures(accountId: string, count: number): void {
    this.#instruments.failures.set({ account_id: accountId }, count);
  }

  /** @param at - In milliseconds since 1970; `undefined` when none is due. */
  setNextRun(accountId: string, at: number | undefined): void {
    const { nextRun } = this.#instruments;
    if (at === undefined) nextRun.remove({ account_id: accountId });
    else nextRun.set({ account_id: accountId }, at / 1000);
  }

  /** A run failed before it had an event to tell: not even its ledger could be written. */
  countUnbegunRun(accountId: string): void {
    if (this.#accounts.has(accountId)) {
      this.#instruments.runs.inc({ account_id: accountId, status: 'failed' });
    }
  }

  countDeliveries(result: DeliveryResult, count: number): void {
    this.#instruments.deliveries.inc({ result }, count);
  }

  /** Takes the events of an account's runs. */
  observe(accountId: string): Emit {
    return (event) => this.#take(accountId, event);
  }

  #take(accountId: string, event: RunEvent): void {
    const { httpRequests, httpRetries } = this.#instruments;
    switch (event.type) {
      case 'request.finished':
        httpRequests.inc({ status: event.status ?? 'error' });
        break;
      case 'request.retry':
        httpRetries.inc();
        break;
      case 'sync.finished':
        this.#ended(accountId, 'complete', event.durationMs);
        this.#published(accountId, event);
        break;
      case 'sync.incomplete':
      case 'sync.held':
      case 'sync.failed':
        this.#ended(accountId, endingOf(event.failure.code).status, event.durationMs);
    }
  }

  #ended(accountId: string, status: (typeof STATUSES)[number], durationMs: number): void {
    // The last run of an account that is no longer shown would bring it back.
    if (!this.#accounts.has(accountId)) return;
    this.#instruments.runs.inc({ account_id: accountId, status });
    this.#instruments.duration.observe(durationMs / 1000);
  }

  /** As the table `changes`: a dry run leaves nothing in it, and neither does an account's baseline. */
  #published(accountId: string, event: RunEvent & { type: 'sync.finished' }): void {
    if (!this.#accounts.has(accountId)) return;
    if (event.mode === 'full') this.#succeeded(accountId, this.#now());
    if (event.mode === 'dry-run' || event.isBaseline) return;
    for (const kind of KINDS) {
      this.#instruments.changes.inc({ account_id: accountId, kind }, event.counts[kind]);
    }
  }

  #succeeded(accountId: string, at: number): void {
    this.#instruments.lastSuccess.set({ account_id: accountId }, at / 1000);
  }
}
