import type { AccountView } from '../daemon/daemon.ts';
import type { RunResult } from '../daemon/events.ts';
import type { WebhookEvent } from '../notify/events.ts';
import { Metrics, type MetricsOptions } from '../observe/metrics.ts';
import type { WritableDatabase } from '../store/database.ts';
import { AccountBook, type AccountPage } from './account-book.ts';

/** What the daemon counts: the figures for Prometheus, and what is known of each account without asking the database. */
export class Figures {
  readonly metrics: Metrics;
  readonly #book: AccountBook;
  #shown: ReadonlySet<string> = new Set();

  constructor(inventory: WritableDatabase, options: MetricsOptions) {
    this.metrics = new Metrics(options);
    this.#book = new AccountBook(inventory.database);
  }

  of(accountId: string): AccountPage {
    return this.#book.of(accountId);
  }

  /** Shows these accounts, and no others any more. */
  show(accountIds: readonly string[]): void {
    const wanted = new Set(accountIds);
    for (const accountId of wanted.difference(this.#shown)) {
      const { totals, lastComplete } = this.#book.of(accountId);
      this.metrics.addAccount(accountId, totals, lastComplete?.at);
    }
    for (const accountId of this.#shown.difference(wanted)) {
      this.metrics.removeAccount(accountId);
      this.#book.forget(accountId);
    }
    this.#shown = wanted;
  }

  /** A run has ended. */
  noteRun(accountId: string, { runId, counts }: RunResult): void {
    if (runId === undefined) this.metrics.countUnbegunRun(accountId);
    if (counts === undefined || !this.#shown.has(accountId)) return;
    this.#book.note(accountId, counts);
    this.metrics.setImages(accountId, this.#book.of(accountId).totals);
  }

  /** What comes next for an account, and how often it has failed. */
  noteSchedule({ accountId, next, streaks }: AccountView): void {
    this.metrics.setNextRun(accountId, next.at === Infinity ? undefined : next.at);
    const failures = Math.max(0, ...streaks.map(({ failures: inARow }) => inARow));
    this.metrics.setConsecutiveFailures(accountId, failures);
  }

  noteDelivery(event: WebhookEvent): void {
    if (event.type === 'webhook.delivered') this.metrics.countDeliveries('delivered', 1);
    else if (event.type === 'webhook.failed') this.metrics.countDeliveries('failed', 1);
    else if (event.type === 'webhook.dropped') {
      this.metrics.countDeliveries('dropped', event.count);
    }
  }
}
