import { hash } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import { DECODING, DIGEST_WORDS, digestAll } from '../inventory/shown-bytes.ts';
import type { StoredAccount } from './accounts.ts';

/** Rows in a block: their digests fill half a page of the database. */
const BLOCK_ROWS = 128;
const DIGEST_BYTES = 4 * DIGEST_WORDS;
const BLOCK_WORDS = BLOCK_ROWS * DIGEST_WORDS;

interface Block {
  readonly block: number;
  readonly digests: Buffer;
}

/** A row, and the digest of the bytes that showed it, as `staged_images` holds it. */
export interface ShownRow {
  readonly rowId: number;
  readonly digest: Buffer;
}

/**
 * What the API's bytes were when they last showed the images of an account: a digest a row, or nothing. Triggers take a
 * digest away from a row that is altered or deleted, so that one that is there vouches for the row as it is.
 *
 * Rows of several accounts lie side by side, and two accounts may hold the same image. So digests are written masked by
 * their account's id: those of one account are never taken for another's. Nor are those of another decoder.
 */
export class ShownImages {
  readonly #find: Statement<[block: number], Buffer>;
  readonly #findAll: Statement<[first: number, last: number], Block>;
  readonly #write: Statement<[block: number, digests: Buffer]>;
  readonly #mask: Uint32Array;
  /** The block that was read last. */
  #words: Uint32Array | undefined;
  #block = -1;

  constructor(database: Database, account: StoredAccount) {
    this.#find = database
      .prepare<[number], Buffer>('SELECT digests FROM shown_images WHERE block = ?')
      .pluck();
    this.#findAll = database.prepare(
      'SELECT block, digests FROM shown_images WHERE block BETWEEN ? AND ? ORDER BY block',
    );
    this.#write = database.prepare('INSERT OR REPLACE INTO shown_images VALUES (?, ?)');
    const salt = JSON.stringify([DECODING, account.accountId]);
    this.#mask = wordsOf(hash('sha256', salt, 'buffer'));
  }

  /** Looks at the database anew: it may have been written to since. */
  refresh(): void {
    this.#block = -1;
  }

  /** Whether a row was last shown by bytes of the digest that begins at a word of `digests`. */
  isShownBy(rowId: number, digests: Uint32Array, at: number): boolean {
    const words = this.#load(blockOf(rowId));
    if (words === undefined) return false;
    const own = placeOf(rowId);
    for (let word = 0; word < DIGEST_WORDS; word += 1) {
      const masked = (digests[at + word] ?? 0) ^ (this.#mask[word] ?? 0);
      if (words[own + word] !== masked >>> 0) return false;
    }
    return true;
  }

  /** The digest of one row, as `staged_images` holds it; something that fits no image if there is none. */
  find(rowId: number): Buffer {
    this.refresh();
    const own =
      this.#load(blockOf(rowId))?.subarray(placeOf(rowId)) ?? new Uint32Array(DIGEST_WORDS);
    return bytesOf(this.#masked(own.subarray(0, DIGEST_WORDS)));
  }

  /** Stands for what is remembered of rows, in their order: {@link ShownImages.sumOf} of their digests, or something else. */
  sumOfRows(rows: Uint32Array): Buffer {
    const pieces: Uint8Array[] = [bytesOf(this.#mask)];
    for (let start = 0; start < rows.length;) {
      const first = rows[start] ?? 0;
      let end = start + 1;
      while (rows[end] === first + end - start) end += 1;
      this.#collect(first, first + end - start, pieces);
      start = end;
    }
    return digestAll(Buffer.concat(pieces));
  }

  /** Collects the digests, as they are written, of rows that follow each other. Of a block that is not there, nothing. */
  #collect(first: number, end: number, pieces: Uint8Array[]): void {
    for (const { block, digests } of this.#findAll.iterate(blockOf(first), blockOf(end - 1))) {
      const start = Math.max(0, first - block * BLOCK_ROWS);
      pieces.push(
        digests.subarray(DIGEST_BYTES * start, DIGEST_BYTES * (end - block * BLOCK_ROWS)),
      );
    }
  }

  /** Stands for images by their digests, one behind the other. */
  sumOf(digests: Uint32Array): Buffer {
    return digestAll(Buffer.concat([bytesOf(this.#mask), bytesOf(this.#masked(digests))]));
  }

  /**
   * Remembers which bytes showed the rows. The caller holds the transaction.
   *
   * @param rows - Of the images of a page.
   * @param digests - Of the same images.
   * @param places - Which of them to remember.
   */
  write(rows: Uint32Array, digests: Uint32Array, places: readonly number[]): void {
    let changed: Uint32Array | undefined;
    this.refresh();
    for (const place of places) {
      const rowId = rows[place] ?? 0;
      const block = blockOf(rowId);
      if (block !== this.#block) {
        if (changed !== undefined) this.#write.run(this.#block, bytesOf(changed));
        changed = this.#load(block) ?? this.#empty(block);
      }
      const at = place * DIGEST_WORDS;
      for (let word = 0; word < DIGEST_WORDS && changed !== undefined; word += 1) {
        changed[placeOf(rowId) + word] = (digests[at + word] ?? 0) ^ (this.#mask[word] ?? 0);
      }
    }
    if (changed !== undefined) this.#write.run(this.#block, bytesOf(changed));
    this.refresh();
  }

  /** Remembers the bytes that showed one row. The caller holds the transaction. */
  writeOne(rowId: number, digest: Buffer): void {
    this.writeAll([{ rowId, digest }]);
  }

  /** As {@link ShownImages.write}, of rows wherever they are. @param shown - In the order of the rows, so that each block is written once. */
  writeAll(shown: readonly ShownRow[]): void {
    const digests = wordsOf(Buffer.concat(shown.map(({ digest }) => digest)));
    this.write(
      Uint32Array.from(shown, ({ rowId }) => rowId),
      digests,
      [...shown.keys()],
    );
  }

  #masked(digests: Uint32Array): Uint32Array {
    const masked = new Uint32Array(digests.length);
    for (let index = 0; index < digests.length; index += 1) {
      masked[index] = (digests[index] ?? 0) ^ (this.#mask[index % DIGEST_WORDS] ?? 0);
    }
    return masked;
  }

  #load(block: number): Uint32Array | undefined {
    if (block === this.#block) return this.#words;
    const bytes = this.#find.get(block);
    this.#block = block;
    // One that somebody has cut off says nothing.
    this.#words = bytes?.length === 4 * BLOCK_WORDS ? wordsOf(bytes) : undefined;
    return this.#words;
  }

  #empty(block: number): Uint32Array {
    this.#block = block;
    this.#words = new Uint32Array(BLOCK_WORDS);
    return this.#words;
  }
}

function blockOf(rowId: number): number {
  return Math.floor(rowId / BLOCK_ROWS);
}

function placeOf(rowId: number): number {
  return (rowId % BLOCK_ROWS) * DIGEST_WORDS;
}

/** Copied, because a view of four bytes a number must start at a multiple of four. */
function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

function bytesOf(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength);
}
