import type { Database } from 'better-sqlite3';
import { Failure } from '../inventory/failure.ts';

/** Rows are told by 32 bits, and a page says by 0 that it has none. */
const HIGHEST = 2 ** 32 - 1;

/**
 * Makes sure that every row has an id that a run may have given it. Somebody may have altered one, and a run would take the
 * row for another, or look at none of its changes.
 *
 * @throws Failure `DATABASE_DAMAGED`
 */
export function assertRowIds(database: Database): void {
  const isAltered = database
    .prepare<[highest: number], number>(
      `SELECT 1 FROM stored_images WHERE row_id < 1
       UNION ALL SELECT 1 FROM stored_images WHERE row_id > ? LIMIT 1`,
    )
    .get(HIGHEST);
  if (isAltered === undefined) return;
  throw new Failure('DATABASE_DAMAGED', 'the database has a row whose id no run has given it', {
    hint: `Delete it, and the next run writes the image anew: DELETE FROM stored_images WHERE row_id NOT BETWEEN 1 AND ${HIGHEST}`,
  });
}

/** Hands out ids for new image rows, each above every row that any account shows. */
export class RowIds {
  #next: number;

  constructor(database: Database) {
    const highest = database
      .prepare<[], number>(
        `SELECT max(
           coalesce((SELECT max(row_id) FROM stored_images WHERE row_id <= ${HIGHEST}), 0),
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
