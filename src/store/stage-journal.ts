import { explained } from './errors.ts';
import type { Sightings } from './sightings.ts';
import type { StageOptions } from './stage-options.ts';
import { writeStageRow } from './stage-row.ts';

/**
 * A run's transactions. Those that stage anything are counted, in the database itself: pages are kept beside it with the
 * count that they belong to, so that one whose transaction a power cut took is read again.
 */
export class StageJournal {
  readonly #options: StageOptions;
  #epoch: number;
  #sequence: number;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#epoch = options.staged.epoch;
    this.#sequence = options.staged.sequence;
  }

  /** The number of the last transaction that staged anything. */
  get sequence(): number {
    return this.#sequence;
  }

  /** @param sightings - What a transaction stages, if it stages anything. */
  stage<T>(sightings: Sightings, work: () => T): T {
    const { writes } = sightings;
    return this.transaction(() => {
      const result = work();
      if (sightings.writes !== writes) this.#write(this.#epoch, this.#sequence + 1);
      return result;
    });
  }

  /**
   * The run begins anew, in a transaction. Written at once: what is kept of the pages before may come back after a power cut,
   * and must not count.
   *
   * @returns How often it has done so.
   */
  restart(work: () => void): number {
    this.transaction(() => {
      work();
      this.#write(this.#epoch + 1, 0);
    });
    return this.#epoch;
  }

  /** A transaction that need not be counted. */
  transaction<T>(work: () => T): T {
    const { database, path } = this.#options;
    return explained(path, () => database.transaction(work).immediate());
  }

  #write(epoch: number, sequence: number): void {
    const { database, account, runId, firstRow } = this.#options;
    writeStageRow(database, account.key, { runId, firstRow, epoch, sequence });
    this.#epoch = epoch;
    this.#sequence = sequence;
  }
}
