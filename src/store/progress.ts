import type { ListPage } from '../sync/ports/pages.ts';
import type { KeptScans, ScanIdentity } from './kept-scan.ts';

/**
 * What one run has read, kept page by page. A list that fits into one page has nothing to go on with, so
 * nothing is written of it; nor of numbered pages when nothing states how many images there are, because an
 * image deleted since moves all behind it, and the one that it moves onto a page that was read would be missed.
 */
export class Progress {
  readonly #kept: KeptScans;
  #identity: ScanIdentity;
  #isKept: boolean;

  /** @param isKept - Whether earlier pages of this scan are kept already. */
  constructor(kept: KeptScans, identity: ScanIdentity, isKept: boolean) {
    this.#kept = kept;
    this.#identity = identity;
    this.#isKept = isKept;
  }

  expect(expected: number | undefined): void {
    this.#identity = { ...this.#identity, expected };
  }

  /** @param rows - The rows that the page showed. */
  keep(page: ListPage, rows: Uint32Array, sequence: number): void {
    const { list, number, next, count } = page;
    const { accountKey, expected } = this.#identity;
    if (next === undefined && expected === undefined) return;
    if (!this.#isKept) {
      if (expected !== undefined && count >= expected) return;
      this.#kept.keepIdentity(this.#identity);
      this.#isKept = true;
    }
    const kept = { list, number, count, next, rows, sequence };
    this.#kept.keepPage(accountKey, kept);
  }

  /** @param epoch - Of the pages that come now. */
  restart(epoch: number): void {
    this.forget();
    this.#identity = { ...this.#identity, epoch };
  }

  forget(): void {
    this.#kept.forget(this.#identity.accountKey);
    this.#isKept = false;
  }
}
