import type { Database } from 'better-sqlite3';
import type { Change, Counts } from '../inventory/change.ts';
import { sameImage } from '../inventory/compare.ts';
import type { Image } from '../inventory/image.ts';
import type { RunEnd, RunFailure, RunStart, Stage } from '../sync/ports.ts';
import { dropStage, type StoredAccount } from './accounts.ts';
import { explained } from './errors.ts';
import type { Ledger } from './ledger.ts';
import { publish, readChanges } from './publish.ts';
import type { RowIds } from './row-ids.ts';
import { RowSet } from './row-set.ts';
import { toImage } from './rows.ts';
import { prepareStage, type StageStatements } from './stage-statements.ts';

export interface StageOptions {
  readonly database: Database;
  readonly path: string;
  readonly ledger: Ledger;
  readonly rowIds: RowIds;
  readonly account: StoredAccount;
  readonly runId: number;
  readonly isBaseline: boolean;
  readonly start: RunStart;
}

/** Rows read at once when the account is searched for suspects. */
const SEARCH_BATCH = 1000;
/** Suspects handed out at once. */
const SUSPECT_BATCH = 100;

/**
 * One run's stage. New images are written where they will stay, above the account's watermark, where
 * no reader sees them; changed and restored ones go to `staged_images`; what was seen and what is
 * gone is one bit a row in memory.
 */
export class RunStage implements Stage {
  readonly runId: number;
  readonly isBaseline: boolean;
  readonly stored: number;
  readonly #options: StageOptions;
  readonly #sql: StageStatements;
  /** The first row id of this run's own rows. */
  readonly #firstRow: number;
  readonly #isRestorable: boolean;
  readonly #seen = new RowSet();
  readonly #gone = new RowSet();
  #seenStored = 0;
  #listed = 0;

  constructor(options: StageOptions) {
    const { database, account, start, rowIds } = options;
    this.#options = options;
    this.runId = options.runId;
    this.isBaseline = options.isBaseline;
    this.#sql = prepareStage(database, account.key, start.creators);
    this.#firstRow = rowIds.next;
    this.stored = this.#sql.countStored.get() ?? 0;
    this.#isRestorable = this.#sql.anyRemoved.get(account.accountId) !== undefined;
  }

  add(images: readonly Image[]): number {
    return this.#transaction(() => {
      let fresh = 0;
      for (const image of images) if (this.#show(image)) fresh += 1;
      this.#listed += fresh;
      return fresh;
    });
  }

  acquit(image: Image): void {
    this.#transaction(() => this.#show(image));
  }

  condemn(id: string): void {
    const row = this.#sql.findStored.get(id);
    if (row !== undefined) this.#gone.add(row['row_id'] as number);
  }

  *suspects(): Generator<readonly string[]> {
    if (this.#options.start.creators === undefined && this.#seenStored === this.stored) return;
    let batch: string[] = [];
    let after = '';
    for (;;) {
      const rows = this.#sql.nextInScope.all(after, SEARCH_BATCH);
      for (const { row_id, id } of rows) {
        if (this.#isSuspect(row_id)) batch.push(id);
        if (batch.length < SUSPECT_BATCH) continue;
        yield batch;
        batch = [];
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.id;
    }
    if (batch.length > 0) yield batch;
  }

  publish(end: RunEnd): Counts {
    return this.#transaction(() => this.#publish(end));
  }

  rehearse(end: RunEnd, onChange: (change: Change) => void): Counts {
    const { database, ledger, path } = this.#options;
    const counts = explained(path, () => {
      database.exec('BEGIN IMMEDIATE');
      try {
        const rehearsed = this.#publish(end);
        for (const change of this.changes()) onChange(change);
        return rehearsed;
      } finally {
        // A full disk has undone it already.
        if (database.inTransaction) database.exec('ROLLBACK');
      }
    });
    this.#transaction(() => {
      dropStage(database, this.#options.account.key);
      ledger.complete(this.runId, counts, end);
    });
    return counts;
  }

  abandon(end: RunEnd, failure: RunFailure): void {
    const { database, ledger, account } = this.#options;
    // Two transactions: whatever becomes of the ledger's row, the rows must go.
    this.#transaction(() => dropStage(database, account.key));
    this.#transaction(() => ledger.fail(this.runId, failure, end));
  }

  changes(): Iterable<Change> {
    return readChanges(this.#options.database, this.runId);
  }

  /** Stages what the API shows of one image. @returns Whether this run had not seen it before. */
  #show(image: Image): boolean {
    const row = this.#sql.findStored.get(image.id);
    if (row === undefined) return this.#showUnknown(image);
    const rowId = row['row_id'] as number;
    const isFresh = this.#seen.add(rowId);
    const isOwn = rowId >= this.#firstRow;
    if (isFresh && !isOwn) this.#seenStored += 1;
    if (sameImage(toImage(row), image)) {
      // Shown twice, and the later answer says that nothing changed.
      if (!isFresh && !isOwn) this.#sql.unstage.run(image.id);
    } else if (isOwn) {
      this.#sql.updateOwn(rowId, image);
    } else {
      this.#sql.stage('changed', image);
    }
    return isFresh;
  }

  #showUnknown(image: Image): boolean {
    if (this.#isRestorable && this.#isRemoved(image.id)) {
      const isFresh = this.#sql.findStaged.get(image.id) === undefined;
      this.#sql.stage('restored', image);
      return isFresh;
    }
    const rowId = this.#options.rowIds.take();
    this.#seen.add(rowId);
    this.#sql.insertOwn(rowId, image, this.runId);
    return true;
  }

  #isRemoved(id: string): boolean {
    return this.#sql.findRemoved.get(this.#options.account.accountId, id) !== undefined;
  }

  #isSuspect(rowId: number): boolean {
    return rowId < this.#firstRow && !this.#seen.has(rowId) && !this.#gone.has(rowId);
  }

  #publish(end: RunEnd): Counts {
    const { database, account, ledger, rowIds } = this.#options;
    const { added, changed, restored, removed } = publish({
      database,
      account,
      rowIds,
      runId: this.runId,
      at: end.finishedAt,
      isBaseline: this.isBaseline,
      firstRow: this.#firstRow,
      gone: this.#gone,
    });
    const unchanged = this.#seenStored - changed;
    const counts = { listed: this.#listed, added, changed, removed, restored, unchanged };
    ledger.complete(this.runId, counts, end);
    return counts;
  }

  #transaction<T>(work: () => T): T {
    const { database, path } = this.#options;
    return explained(path, () => database.transaction(work).immediate());
  }
}
