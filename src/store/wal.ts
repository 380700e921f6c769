import { statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { messageOf } from '../inventory/failure.ts';
import { BUSY_TIMEOUT_MS, type WritableDatabase } from './database.ts';

/** What became of the write-ahead log after a checkpoint. */
export interface WalState {
  /** The size of the file `…-wal`. */
  readonly bytes: number;
  /** Whether it is larger than it should be, and could not be cut back. */
  readonly isTooLarge: boolean;
  /**
   * Since when a reader has kept a part of it from being written into the database, in milliseconds since 1970, as far
   * as was looked; `undefined` if none does.
   */
  readonly heldSince: number | undefined;
  /** What went wrong, such as a full disk; no later run is the worse for it. */
  readonly problem: string | undefined;
}

/** A log beyond this is cut back, if no reader needs it: it slows readers down and takes room. */
export const LARGEST_WAL_BYTES = 64 * 1024 * 1024;

/** How SQLite answers a checkpoint: pages in the log, and how many of them are in the database by now. */
interface Checkpoint {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Keeps the write-ahead log small. A reader with a long transaction can keep it from shrinking, and nobody can make it
 * let go: all that is left to do is to tell.
 */
export class WalKeeper {
  readonly #writable: WritableDatabase;
  readonly #largestBytes: number;
  #held: { readonly since: number; readonly checkpointed: number } | undefined;

  constructor(writable: WritableDatabase, largestBytes = LARGEST_WAL_BYTES) {
    this.#writable = writable;
    this.#largestBytes = largestBytes;
  }

  /**
   * Writes what it can of the log into the database, waiting for nobody. Throws nothing that SQLite says.
   *
   * @param now - Milliseconds since 1970.
   */
  checkpoint(now: number): WalState {
    let problem: string | undefined;
    try {
      this.#note(this.#run('PASSIVE'), now);
      if (this.#bytes() > this.#largestBytes) this.#note(this.#truncate(), now);
    } catch (error) {
      if (!(error instanceof Sqlite.SqliteError)) throw error;
      problem = `${messageOf(error)} (${error.code})`;
    }
    const bytes = this.#bytes();
    const isTooLarge = bytes > this.#largestBytes;
    return { bytes, isTooLarge, heldSince: this.#held?.since, problem };
  }

  #bytes(): number {
    return statSync(`${this.#writable.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** One reader holds the log at one place; at another place it is another reader. */
  #note({ log, checkpointed }: Checkpoint, now: number): void {
    if (checkpointed >= log) this.#held = undefined;
    else if (this.#held?.checkpointed !== checkpointed) this.#held = { since: now, checkpointed };
  }

  #truncate(): Checkpoint {
    const { database } = this.#writable;
    database.pragma('busy_timeout = 0');
    try {
      return this.#run('TRUNCATE');
    } finally {
      database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  #run(mode: 'PASSIVE' | 'TRUNCATE'): Checkpoint {
    const [answer] = this.#writable.database.pragma(`wal_checkpoint(${mode})`) as Checkpoint[];
    if (answer === undefined) throw new Error('a checkpoint without an answer');
    return answer;
  }
}
