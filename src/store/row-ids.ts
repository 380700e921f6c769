import type { Database } from 'better-sqlite3';

/** Hands out ids for new image rows, each above every row that any account shows. */
export class RowIds {
  #next: number;

  constructor(database: Database) {
    const highest = database
      .prepare<[], number>(
        `SELECT max(
           coalesce((SELECT max(row_id) FROM stored_images), 0),
           coalesce((SELECT max(visible_row) FROM accounts), 0))`,
      )
      .pluck()
      .get();
    this.#next = (highest ?? 0) + 1;
  }

  /** What {@link RowIds.take} gives next. */
  get next(): number {
    return this.#next;
  }

  /** Hands out no id below this one any more. */
  startAt(rowId: number): void {
    this.#next = Math.max(this.#next, rowId);
  }

  take(): number {
    const rowId = this.#next;
    this.#next += 1;
    return rowId;
  }
}
