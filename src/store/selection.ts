import type { Table } from '../inventory/table.ts';

/** What is to be read. */
export interface SelectionOptions {
  /** All accounts that were ever read completely, if `undefined`. */
  readonly accountIds: readonly string[] | undefined;
  /** The images that are gone, rather than those that are there. */
  readonly isRemoved: boolean;
  /** Names of columns, in the order wanted; all if `undefined`. */
  readonly columns: readonly string[] | undefined;
  /** An SQL expression over the columns; only rows for which it is true are read. */
  readonly where: string | undefined;
}

/** An account and the run as of which its images are read. */
export interface SelectedAccount {
  readonly accountId: string;
  readonly runId: number;
  /** ISO 8601. */
  readonly finishedAt: string;
  readonly contentHash: string | null;
}

/** Rows of several accounts, sorted by account id and image id, so that the same run always gives the same rows in the same order. */
export interface Selection extends Table {
  readonly accounts: readonly SelectedAccount[];
}
