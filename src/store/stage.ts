import type { Change, Counts } from '../inventory/change.ts';
import type { Image } from '../inventory/image.ts';
import type { ListPage } from '../sync/ports/pages.ts';
import type { Resumed, RunEnd, RunFailure, Stage } from '../sync/ports/stage.ts';
import { explained } from './errors.ts';
import { dropIndexes, finishFirstLoad, hasImages, hasIndexes, makeIndexes } from './first-load.ts';
import { digestAt, takeIn, type Show, type Shown } from './intake.ts';
import { ShownMemory } from './memory.ts';
import { publish, readChanges } from './publish.ts';
import { RowSet } from './row-set.ts';
import { rowIdOf } from './rows.ts';
import { ShownImages } from './shown-images.ts';
import { Sightings, type SightingsOptions } from './sightings.ts';
import { StageJournal } from './stage-journal.ts';
import type { StageOptions } from './stage-options.ts';
import { dropStage } from './stage-row.ts';
import { prepareStage, type StageStatements } from './stage-statements.ts';
import { searchScope } from './suspects.ts';

/**
 * One run's stage. New and restored images are written where they will stay, above the account's watermark,
 * where no reader sees them; changed ones go to `staged_images`; what is gone is one bit a row in memory.
 */
export class RunStage implements Stage {
  readonly runId: number;
  readonly isBaseline: boolean;
  readonly stored: number;
  readonly knownShortfall: number;
  readonly resumed: Resumed | undefined;
  readonly memory: ShownMemory;
  readonly #options: StageOptions;
  readonly #sql: StageStatements;
  readonly #sighting: SightingsOptions;
  readonly #shown: ShownImages;
  readonly #journal: StageJournal;
  #sightings: Sightings;
  #gone = new RowSet();
  #listed: number;
  #expected: number | undefined;
  /** Whether the account's first images are written, without indexes. */
  #isLoading: boolean;

  constructor(options: StageOptions) {
    const { database, account, start, published, staged, firstRow, rowIds, runId } = options;
    this.#options = options;
    this.runId = runId;
    this.isBaseline = published === undefined;
    this.knownShortfall = published?.shortfall ?? 0;
    this.#sql = prepareStage(database, account.key, start.creators);
    this.stored = this.#sql.countStored.get({ firstRow }) ?? 0;
    this.resumed = staged.resumed;
    this.#shown = new ShownImages(database, account);
    const isEmpty = published === undefined || this.stored === 0;
    this.memory = new ShownMemory({ database, account, shown: this.#shown, firstRow, isEmpty });
    this.#sighting = { sql: this.#sql, rowIds, runId, firstRow };
    this.#sightings = new Sightings(this.#sighting, staged.seen, staged.content);
    this.#journal = new StageJournal(options);
    this.#listed = staged.seen.size;
    this.#expected = staged.resumed?.expected;
    this.#isLoading = !hasIndexes(database);
  }

  get listed(): number {
    return this.#listed;
  }

  expect(expected: number | undefined): void {
    this.#options.progress.expect(expected);
    this.#expected = expected;
    const { start, database, isAlone } = this.#options;
    const isFirst = this.isBaseline && start.creators === undefined && isAlone();
    if (!isFirst || expected === undefined) return;
    this.#journal.transaction(() => {
      if (!hasImages(database)) dropIndexes(database);
    });
    this.#isLoading = !hasIndexes(database);
  }

  settle(): void {
    if (!this.#isLoading) return;
    const { database, account } = this.#options;
    // Apart from the run's own until it is written: a run that goes on behind a full disk must know what is there.
    const sightings = this.#sightings.copy();
    let dropped = 0;
    this.#journal.stage(sightings, () =>
      finishFirstLoad(database, account, {
        dropped: (rowId, image) => {
          sightings.takeBack(rowId, image);
          dropped += 1;
        },
        amended: (before, after) => sightings.amend(before, after),
      }),
    );
    this.#sightings = sightings;
    this.#listed -= dropped;
    this.#isLoading = false;
  }

  add(page: ListPage): number {
    // Whatever exceeds what the account states may be there already, and so may a server that repeats itself go on for long.
    const isBeyond = this.#listed + page.count > (this.#expected ?? 0);
    if (isBeyond || this.memory.isRepeated(page)) this.settle();
    const { rows, fresh } = this.#addUnseen(page) ?? this.#addPage(page);
    this.#listed += fresh;
    this.#options.progress.keep(page, rows, this.#journal.sequence);
    return fresh;
  }

  /** A page that is known as a whole, and shows nothing that the run has seen: there is nothing to write. */
  #addUnseen({ rows, images, bytes }: ListPage): Pick<Shown, 'rows' | 'fresh'> | undefined {
    if (images.length > 0 || bytes !== undefined) return undefined;
    const fresh = this.#sightings.showUnseen(rows);
    return fresh === undefined ? undefined : { rows, fresh };
  }

  #addPage(page: ListPage): Shown {
    return this.#journal.stage(this.#sightings, () => {
      const taken = this.#takeIn(page, (image, place) =>
        this.#isLoading
          ? this.#sightings.showFirst(image)
          : this.#sightings.show(image, digestAt(page.bytes, place)),
      );
      this.memory.keep(page, taken.rows);
      return taken;
    });
  }

  addNew(page: ListPage): number {
    const { fresh, known } = this.#journal.stage(this.#sightings, () =>
      this.#takeIn(page, (image) => this.#sightings.showNew(image)),
    );
    this.#listed += fresh;
    return known;
  }

  #takeIn(page: ListPage, show: Show): Shown {
    return takeIn(page, this.#sightings, show, this.#shown);
  }

  restart(): void {
    const { database, account, ledger, progress } = this.#options;
    const epoch = this.#journal.restart(() => {
      dropStage(database, account.key);
      ledger.forgetResumed(this.runId);
      this.memory.restart();
    });
    progress.restart(epoch);
    this.#sightings = new Sightings(this.#sighting);
    this.#gone = new RowSet();
    this.#listed = 0;
  }

  acquit(image: Image): void {
    this.#journal.stage(this.#sightings, () => this.#sightings.show(image, null));
  }

  condemn(id: string): void {
    const row = this.#sql.findStored.get(id);
    if (row !== undefined) this.#gone.add(rowIdOf(row));
  }

  condemnRest(): void {
    for (const rows of this.#suspectRows()) for (const { rowId } of rows) this.#gone.add(rowId);
  }

  *suspects(): Generator<readonly string[]> {
    for (const rows of this.#suspectRows()) yield rows.map(({ id }) => id);
  }

  publish(end: RunEnd): Counts {
    this.#options.assertInPlace();
    this.settle();
    const counts = this.#journal.transaction(() => this.#publish(end));
    this.#options.onEnd();
    this.#letGo();
    return counts;
  }

  rehearse(end: RunEnd, onChange: (change: Change) => void): Counts {
    this.settle();
    const { database, ledger, path, account, onEnd } = this.#options;
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
    this.#journal.transaction(() => {
      dropStage(database, account.key);
      this.memory.dropKept();
      ledger.complete(this.runId, counts, null, end);
    });
    onEnd();
    this.#letGo();
    return counts;
  }

  abandon(end: RunEnd, failure: RunFailure): void {
    const { database, account, onEnd } = this.#options;
    try {
      // Two transactions: whatever becomes of the ledger's row, the rows must go.
      this.#journal.transaction(() => {
        dropStage(database, account.key);
        this.memory.dropKept();
        makeIndexes(database);
      });
      this.suspend(end, failure);
      this.#letGo();
    } finally {
      onEnd();
    }
  }

  suspend(end: RunEnd, failure: RunFailure): void {
    const { ledger, onEnd } = this.#options;
    try {
      this.#journal.transaction(() => ledger.fail(this.runId, failure, this.#listed, end));
    } finally {
      onEnd();
    }
  }

  changes(): Iterable<Change> {
    return readChanges(this.#options.database, this.runId);
  }

  #suspectRows(): Iterable<readonly { readonly rowId: number; readonly id: string }[]> {
    const { start, firstRow } = this.#options;
    if (start.creators === undefined && this.#sightings.seenStored === this.stored) return [];
    return searchScope(
      this.#sql,
      (rowId) => rowId < firstRow && !this.#sightings.has(rowId) && !this.#gone.has(rowId),
    );
  }

  #publish(end: RunEnd): Counts {
    const { database, account, ledger, rowIds, firstRow, published, start } = this.#options;
    const { contentHash, ...changed } = publish({
      database,
      account,
      rowIds,
      runId: this.runId,
      at: end.finishedAt,
      firstRow,
      published,
      content: this.#sightings.content,
      highest: this.#sightings.highest,
      gone: this.#gone,
      shown: this.#shown,
    });
    if (start.mode !== 'quick') this.memory.dropUnused();
    const unchanged = this.#sightings.seenStored - changed.changed;
    const counts = { listed: this.#listed, ...changed, unchanged };
    ledger.complete(this.runId, counts, contentHash, end);
    return counts;
  }

  /**
   * Forgets the pages of a run that has ended. The ledger says how, and nobody goes on with a run that was not
   * interrupted: that they stay, on a disk that fails by now, does no harm and is no failure of the run.
   */
  #letGo(): void {
    try {
      this.#options.progress.forget();
    } catch {
      // The next run of the account forgets them.
    }
  }
}
