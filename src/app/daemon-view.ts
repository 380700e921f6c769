import type { AccountView as AtWork, Daemon } from '../daemon/daemon.ts';
import { readyUntil } from '../daemon/ready-until.ts';
import type { AccountView, DaemonView } from '../http/view.ts';
import type { WritableDatabase } from '../store/database.ts';
import { recentChanges, recentRuns } from '../store/recent.ts';
import type { Figures } from './figures.ts';
import type { Orders } from './orders.ts';
import { VERSION } from './version.ts';

/** What the daemon's page and its readiness are made from. */
export interface ViewSources {
  readonly orders: Orders;
  readonly daemon: Daemon;
  readonly figures: Figures;
  readonly database: WritableDatabase['database'];
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** So many of an account's last runs and changes are shown. */
const RUNS = 5;
const CHANGES = 10;

/** Looks at the daemon and at the ledger, at this moment. */
export function viewDaemon(sources: ViewSources): DaemonView {
  const { daemon, startedAt } = sources;
  const accounts = daemon.view().map((atWork) => viewAccount(sources, atWork));
  return { version: VERSION, startedAt, accounts };
}

function viewAccount({ orders, figures, database }: ViewSources, atWork: AtWork): AccountView {
  const { accountId, isBusy, next, streaks } = atWork;
  const { settings, accounts, plan } = orders;
  const { totals, lastComplete } = figures.of(accountId);
  const longestAge = settings['http.readyMaxAgeSeconds'];
  const longestAgeMs = longestAge === undefined ? undefined : 1000 * longestAge;
  return {
    accountId,
    name: accounts.find(({ id }) => id === accountId)?.name,
    images: totals.present,
    removedImages: totals.removed,
    isRunning: isBusy,
    lastCompleteAt: lastComplete?.at,
    readyUntil: lastComplete && readyUntil(lastComplete, plan.crons.full, longestAgeMs),
    nextRun: next.at === Infinity ? undefined : next,
    failing: streaks.map(({ mode, failures, since, failure }) => ({
      mode,
      count: failures,
      since,
      message: failure.message,
      hint: failure.hint,
      isHeld: failure.code === 'HELD',
    })),
    lastRuns: recentRuns(database, accountId, RUNS),
    lastChanges: recentChanges(database, accountId, CHANGES),
  };
}
