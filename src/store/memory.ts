import type { Database, Statement } from 'better-sqlite3';
import { DIGEST_WORDS } from '../inventory/shown-bytes.ts';
import type { ListPage, Memory, PageImages } from '../sync/ports/pages.ts';
import type { StoredAccount } from './accounts.ts';
import { fromStretches, toStretches } from './stretches.ts';
import type { ShownImages } from './shown-images.ts';

export interface MemoryOptions {
  readonly database: Database;
  readonly account: StoredAccount;
  readonly shown: ShownImages;
  /** Rows from here on are a run's own, and may change while it goes on. */
  readonly firstRow: number;
  /** Whether no image of the account is stored that readers know: there is nothing to be known again. */
  readonly isEmpty: boolean;
}

/** A page as it is remembered. */
interface StoredPage {
  readonly rows: Buffer;
  /** As {@link ShownImages.sumOf}. */
  readonly images: Buffer;
}

/**
 * What an account's list has shown before, so that a run reads only what is new of it. Nothing here is believed
 * for being remembered: bytes are known again only while the rows that they showed still vouch for them.
 */
export class ShownMemory implements Memory {
  readonly #accountKey: number;
  readonly #shown: ShownImages;
  readonly #firstRow: number;
  readonly #isEmpty: boolean;
  readonly #findRow: Statement<[accountKey: number, id: string], number>;
  readonly #findPage: Statement<[accountKey: number, digest: Buffer], StoredPage>;
  readonly #pages: Statement<[accountKey: number], Buffer>;
  readonly #keepPage: Statement<[accountKey: number, digest: Buffer, rows: Buffer, images: Buffer]>;
  readonly #dropPage: Statement<[accountKey: number, digest: Buffer]>;
  /** The pages that this run was shown, by their digests. */
  readonly #used = new Set<string>();
  /** Those of them that it wrote down. */
  readonly #kept = new Set<string>();

  constructor({ database, account, shown, firstRow, isEmpty }: MemoryOptions) {
    this.#accountKey = account.key;
    this.#shown = shown;
    this.#firstRow = firstRow;
    this.#isEmpty = isEmpty;
    this.#findRow = database
      .prepare<[number, string], number>(
        'SELECT row_id FROM stored_images WHERE account_key = ? AND id = ?',
      )
      .pluck();
    this.#findPage = database.prepare(
      'SELECT rows, images FROM shown_pages WHERE account_key = ? AND digest = ?',
    );
    this.#pages = database
      .prepare<[number], Buffer>('SELECT digest FROM shown_pages WHERE account_key = ?')
      .pluck();
    this.#keepPage = database.prepare('INSERT OR REPLACE INTO shown_pages VALUES (?, ?, ?, ?)');
    this.#dropPage = database.prepare(
      'DELETE FROM shown_pages WHERE account_key = ? AND digest = ?',
    );
  }

  page(digest: Buffer): Uint32Array | undefined {
    if (this.#isEmpty) return undefined;
    const page = this.#findPage.get(this.#accountKey, digest);
    const rows = page && fromStretches(page.rows);
    if (page === undefined || rows === undefined) return undefined;
    if (!rows.every((rowId) => rowId < this.#firstRow)) return undefined;
    if (!this.#shown.sumOfRows(rows).equals(page.images)) return undefined;
    this.#used.add(nameOf(digest));
    return rows;
  }

  /**
   * Lists tend to show images in the order in which their rows were written, so the row behind the one before is tried
   * first. Where it is another, one look at the image's id finds the right one.
   */
  recognize(images: PageImages): Uint32Array {
    const rows = new Uint32Array(images.length);
    if (this.#isEmpty) return rows;
    this.#shown.refresh();
    let next = 0;
    for (let index = 0; index < images.length; index += 1) {
      let rowId: number | undefined = next;
      if (!this.#isKnown(rowId, images, index)) {
        rowId = this.#findRow.get(this.#accountKey, images.at(index).id);
        if (rowId === undefined) continue;
        if (this.#isKnown(rowId, images, index)) rows[index] = rowId;
      } else rows[index] = rowId;
      next = rowId + 1;
    }
    return rows;
  }

  #isKnown(rowId: number, { digests }: PageImages, index: number): boolean {
    if (rowId >= this.#firstRow) return false;
    return this.#shown.isShownBy(rowId, digests, index * DIGEST_WORDS);
  }

  /** Remembers a page. The caller holds the transaction. */
  keep({ bytes }: ListPage, rows: Uint32Array): void {
    if (bytes?.digest === undefined) return;
    const own = toStretches(rows);
    this.#keepPage.run(this.#accountKey, bytes.digest, own, this.#shown.sumOf(bytes.images));
    this.#used.add(nameOf(bytes.digest));
    this.#kept.add(nameOf(bytes.digest));
  }

  /** Whether this run was shown a page before, to the byte. */
  isRepeated({ bytes }: ListPage): boolean {
    return bytes?.digest !== undefined && this.#used.has(nameOf(bytes.digest));
  }

  /** Forgets what this run was shown: it begins anew. The caller holds the transaction. */
  restart(): void {
    this.dropKept();
    this.#used.clear();
  }

  /** Forgets the pages that this run wrote down: nobody saw what they showed. The caller holds the transaction. */
  dropKept(): void {
    for (const name of this.#kept)
      this.#dropPage.run(this.#accountKey, Buffer.from(name, 'latin1'));
    this.#kept.clear();
  }

  /** Forgets the pages that this run was not shown. */
  dropUnused(): void {
    for (const digest of this.#pages.all(this.#accountKey)) {
      if (!this.#used.has(nameOf(digest))) this.#dropPage.run(this.#accountKey, digest);
    }
  }
}

/** A digest as the key of a set. */
function nameOf(digest: Buffer): string {
  return digest.toString('latin1');
}
