import { sameImage } from '../inventory/compare.ts';
import { ContentSum } from '../inventory/content.ts';
import type { Image } from '../inventory/image.ts';
import type { RowIds } from './row-ids.ts';
import { RowSet } from './row-set.ts';
import { rowIdOf, toImage, type ImageRow } from './rows.ts';
import type { StageStatements } from './stage-statements.ts';

/** An image that a run was shown. */
export interface Sighting {
  readonly rowId: number;
  /** Whether the run had not seen it before. */
  readonly isFresh: boolean;
  /** Whether readers know it. */
  readonly isKnown: boolean;
  /** Whether its row is now as it was shown. One that readers know stays as it was until the run is published. */
  readonly isStored: boolean;
}

export interface SightingsOptions {
  readonly sql: StageStatements;
  readonly rowIds: RowIds;
  readonly runId: number;
  /** The run's own rows start here: what stands below them readers know. */
  readonly firstRow: number;
}

/**
 * Everything that a run has seen, and what it staged of it. An image that readers do not know gets the row that it will
 * keep; one that they know and that has changed is staged. What was seen is one bit a row in memory.
 */
export class Sightings {
  readonly #options: SightingsOptions;
  readonly #seen: RowSet;
  readonly #content: ContentSum;
  #seenStored: number;
  #writes = 0;

  /** @param seen - What an interrupted run saw. @param content - Of the new rows among them. */
  constructor(options: SightingsOptions, seen = new RowSet(), content = new ContentSum()) {
    this.#options = options;
    this.#seen = seen;
    this.#content = content;
    this.#seenStored = seen.countBelow(options.firstRow);
  }

  /** The same sightings, apart from these from now on. */
  copy(): Sightings {
    const content = new ContentSum(this.#content.hex());
    return new Sightings(this.#options, this.#seen.copy(), content);
  }

  /** Of the run's own rows. */
  get content(): ContentSum {
    return this.#content;
  }

  /** How many rows were seen that readers know. */
  get seenStored(): number {
    return this.#seenStored;
  }

  /** The last row that was seen; 0 if there is none. */
  get highest(): number {
    return this.#seen.highest;
  }

  /** How often anything was staged. */
  get writes(): number {
    return this.#writes;
  }

  has(rowId: number): boolean {
    return this.#seen.has(rowId);
  }

  /**
   * Stages what the API shows of one image. The caller holds the transaction.
   *
   * @param digest - Of the bytes that showed it, if there is one.
   */
  show(image: Image, digest: Buffer | null): Sighting {
    const row = this.#options.sql.findStored.get(image.id);
    if (row === undefined) return this.#insert(image);
    const sighting = this.#see(rowIdOf(row));
    if (!sighting.isKnown) this.#update(row, image);
    else if (!sameImage(toImage(row), image)) this.#change(sighting.rowId, image, digest);
    else {
      if (!sighting.isFresh) this.#unchange(sighting.rowId);
      return { ...sighting, isStored: true };
    }
    return sighting;
  }

  /** As {@link Sightings.show}, of an image that readers know and that is as it was. @returns Whether it is fresh. */
  showAgain(rowId: number): boolean {
    const { isFresh } = this.#see(rowId);
    if (!isFresh) this.#unchange(rowId);
    return isFresh;
  }

  /**
   * As {@link Sightings.showAgain}, of a whole page. Of images that the run has not seen nothing is staged, so nothing need be written.
   *
   * @returns How many are fresh; `undefined`, and nothing is done, if the run has seen one of them before.
   */
  showUnseen(rows: Uint32Array): number | undefined {
    if (rows.some((rowId) => this.#seen.has(rowId))) return undefined;
    let fresh = 0;
    for (const rowId of rows) if (this.#see(rowId).isFresh) fresh += 1;
    return fresh;
  }

  /** As {@link Sightings.show}, but an image that readers know stays as it is. */
  showNew(image: Image): Sighting {
    const row = this.#options.sql.findStored.get(image.id);
    if (row === undefined) return this.#insert(image);
    const sighting = this.#see(rowIdOf(row));
    if (!sighting.isKnown) this.#update(row, image);
    return sighting;
  }

  /** As {@link Sightings.show}, of an image that is not stored, as far as can be told. */
  showFirst(image: Image): Sighting {
    return this.#insert(image);
  }

  /** Forgets a row of the run's own. The caller deletes it. */
  takeBack(rowId: number, image: Image): void {
    this.#seen.delete(rowId);
    this.#content.remove(image);
    this.#writes += 1;
  }

  /** Takes note of a row of the run's own that was altered. */
  amend(before: Image, after: Image): void {
    this.#content.remove(before);
    this.#content.add(after);
    this.#writes += 1;
  }

  #see(rowId: number): Sighting {
    const isKnown = rowId < this.#options.firstRow;
    const isFresh = this.#seen.add(rowId);
    if (isFresh && isKnown) this.#seenStored += 1;
    return { rowId, isFresh, isKnown, isStored: !isKnown };
  }

  #insert(image: Image): Sighting {
    const { sql, rowIds, runId } = this.#options;
    const rowId = rowIds.take();
    this.#seen.add(rowId);
    sql.insertOwn(rowId, image, runId);
    this.#content.add(image);
    this.#writes += 1;
    return { rowId, isFresh: true, isKnown: false, isStored: true };
  }

  /** A new image was shown again: the later answer counts. */
  #update(row: ImageRow, image: Image): void {
    const before = toImage(row);
    if (sameImage(before, image)) return;
    this.#options.sql.updateOwn(rowIdOf(row), image);
    this.amend(before, image);
  }

  #change(rowId: number, image: Image, digest: Buffer | null): void {
    this.#options.sql.stage(rowId, image, digest);
    this.#writes += 1;
  }

  /** Shown twice, and the later answer says that nothing changed. */
  #unchange(rowId: number): void {
    if (this.#options.sql.unstage.run(rowId).changes > 0) this.#writes += 1;
  }
}
