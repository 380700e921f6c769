import type { WritableDatabase } from '../store/database.ts';
import type { Counts } from '../inventory/change.ts';
import type { ImageTotals } from '../observe/metrics.ts';
import type { LastComplete } from '../daemon/ready-until.ts';
import { readAccountStatus, readLastComplete, type LedgerRow } from '../store/status.ts';

type Database = WritableDatabase['database'];

/** What is known of one account without asking the database again. */
export interface AccountPage {
  readonly totals: ImageTotals;
  readonly lastComplete: LastComplete | undefined;
}

/**
 * Keeps count of every account's images. Counting them in the database takes longer the more there are, so that is
 * done once; from then on the runs' own counts are added up.
 */
export class AccountBook {
  readonly #database: Database;
  readonly #pages = new Map<string, AccountPage>();

  constructor(database: Database) {
    this.#database = database;
  }

  of(accountId: string): AccountPage {
    return this.#pages.get(accountId) ?? this.#read(accountId);
  }

  /** A run of the account was published. */
  note(accountId: string, { added, restored, removed }: Counts): void {
    const { totals } = this.of(accountId);
    this.#pages.set(accountId, {
      totals: {
        present: totals.present + added + restored - removed,
        removed: totals.removed + removed - restored,
      },
      lastComplete: lastCompleteOf(readLastComplete(this.#database, accountId)),
    });
  }

  forget(accountId: string): void {
    this.#pages.delete(accountId);
  }

  #read(accountId: string): AccountPage {
    const { images, removedImages, lastComplete } = readAccountStatus(this.#database, accountId);
    const page = {
      totals: { present: images, removed: removedImages },
      lastComplete: lastCompleteOf(lastComplete),
    };
    this.#pages.set(accountId, page);
    return page;
  }
}

function lastCompleteOf(row: LedgerRow | undefined): LastComplete | undefined {
  if (row === undefined || row.finished_at === null) return undefined;
  const at = Date.parse(row.finished_at);
  return { at, durationMs: Math.max(0, at - Date.parse(row.started_at)) };
}
