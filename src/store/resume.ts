import type { Database } from 'better-sqlite3';
import { ContentSum } from '../inventory/content.ts';
import type { RunStart } from '../sync/ports/stage.ts';
import type { StoredAccount } from './accounts.ts';
import { batches, inBatches } from './batches.ts';
import type { KeptPage, KeptScans, ScanIdentity } from './kept-scan.ts';
import { isoTime, type Ledger } from './ledger.ts';
import { RowSet } from './row-set.ts';
import { COLUMNS, rowIdOf, toImage, type ImageRow } from './rows.ts';
import { findStageRow } from './stage-row.ts';

/** Pages older than this are read again: what they showed may be long gone. */
const LONGEST_AGE_MS = 3_600_000;

/** What an interrupted run left that the next one may go on with. */
export interface Leftover {
  readonly identity: ScanIdentity;
  readonly pages: readonly KeptPage[];
  /** The number of the last transaction that staged anything. */
  readonly sequence: number;
}

/** Whether kept pages are young enough to be gone on with; a clock that was set back makes them too old. */
export function isFresh(identity: ScanIdentity | undefined, now: number): boolean {
  const age = now - (identity?.begunAt ?? -Infinity);
  return age >= 0 && age < LONGEST_AGE_MS;
}

/** Everything that decides what a page holds, as one text. */
function scopeOf({ api, creators, scope, toolVersion }: RunStart): string {
  return JSON.stringify([api, creators ?? null, scope, toolVersion]);
}

/**
 * What the last run of an account left, if it was interrupted less than an hour ago, read the same list, and
 * what it staged is all there. The kept pages and the database are two files: after a power cut either may be the
 * older one, so a page counts only up to the last transaction that the database knows.
 */
export function findLeftover(
  database: Database,
  ledger: Ledger,
  kept: KeptScans,
  account: StoredAccount,
  start: RunStart,
): Leftover | undefined {
  const identity = kept.find(account.key);
  // A quick run reads another list, and has nothing to go on with.
  if (identity === undefined || !start.mayResume || start.mode === 'quick') return undefined;
  if (!isFresh(identity, start.startedAt) || identity.scope !== scopeOf(start)) return undefined;
  if (!ledger.wasInterruptedLast(account.accountId, identity)) return undefined;

  const staged = findStageRow(database, account.key);
  if (staged !== undefined && staged.runId !== identity.runId) return undefined;
  if (identity.epoch !== (staged?.epoch ?? 0)) return undefined;
  const sequence = staged?.sequence ?? 0;
  const pages = unbroken(kept.pages(account.key).filter((page) => page.sequence <= sequence));
  return pages.length === 0 ? undefined : { identity, pages, sequence };
}

/** A list of cursors is a chain: behind a page that is lost nothing is known. */
function unbroken(pages: readonly KeptPage[]): readonly KeptPage[] {
  const broken = new Set<number>();
  const lengths = new Map<number, number>();
  return pages.filter(({ list, number, next }) => {
    if (next === undefined) return true;
    const length = lengths.get(list) ?? 0;
    if (number !== length + 1) broken.add(list);
    lengths.set(list, number);
    return !broken.has(list);
  });
}

/** The rows that the pages showed. */
export function rowsOf(pages: readonly KeptPage[]): RowSet {
  const seen = new RowSet();
  for (const { rows } of pages) for (const row of rows) seen.add(row);
  return seen;
}

/** Rows looked at in one transaction. */
const BATCH = 5000;

/**
 * Makes what an interrupted run staged this run's own, and drops what none of its kept pages vouches for.
 *
 * @param shown - The rows that the pages showed.
 * @returns Those of them that are there, and the content of the new images. An image that a page showed again may have
 * given up its row.
 */
export function takeOver(
  database: Database,
  accountKey: number,
  runId: number,
  firstRow: number,
  shown: RowSet,
): { readonly seen: RowSet; readonly content: ContentSum } {
  dropUnseenStaged(database, accountKey, shown);
  const content = new ContentSum();
  const seen = seenBelow(database, accountKey, firstRow, shown);
  const next = database.prepare<[number, number], ImageRow>(
    `SELECT row_id, id, ${COLUMNS} FROM stored_images
     WHERE +account_key = ${accountKey} AND row_id > ? ORDER BY row_id LIMIT ?`,
  );
  const drop = database.prepare('DELETE FROM stored_images WHERE row_id = ?');
  const adopt = database.prepare(
    'UPDATE stored_images SET first_seen_run = ?, changed_run = ? WHERE row_id = ?',
  );
  const takeOverBatch = database.transaction((rows: readonly ImageRow[]) => {
    for (const row of rows) {
      const rowId = rowIdOf(row);
      if (!shown.has(rowId)) {
        drop.run(rowId);
        continue;
      }
      seen.add(rowId);
      adopt.run(runId, runId, rowId);
      content.add(toImage(row));
    }
  });
  const own = batches(firstRow - 1, (after) => next.all(after, BATCH), rowIdOf);
  for (const rows of own) takeOverBatch(rows);
  return { seen, content };
}

/** Of the rows that readers know those that were shown. Somebody may have deleted one since: then it proves nothing. */
function seenBelow(
  database: Database,
  accountKey: number,
  firstRow: number,
  shown: RowSet,
): RowSet {
  const seen = new RowSet();
  const known = database
    .prepare<[number, number], number>(
      'SELECT row_id FROM stored_images WHERE account_key = ? AND row_id < ?',
    )
    .pluck();
  for (const rowId of known.iterate(accountKey, firstRow)) if (shown.has(rowId)) seen.add(rowId);
  return seen;
}

function dropUnseenStaged(database: Database, accountKey: number, seen: RowSet): void {
  const next = database
    .prepare<[number, number], number>(
      `SELECT row_id FROM staged_images
       WHERE account_key = ${accountKey} AND row_id > ? ORDER BY row_id LIMIT ?`,
    )
    .pluck();
  const drop = database.prepare('DELETE FROM staged_images WHERE row_id = ?');
  database.transaction(() => {
    const staged = inBatches(
      0,
      (after) => next.all(after, BATCH),
      (rowId) => rowId,
    );
    for (const rowId of staged) if (!seen.has(rowId)) drop.run(rowId);
  })();
}

/** Whose pages a run keeps: its own, and of a leftover the age, so that pages never get younger. */
export function identityOf(
  account: StoredAccount,
  start: RunStart,
  runId: number,
  firstRow: number,
  leftover: Leftover | undefined,
): ScanIdentity {
  return {
    accountKey: account.key,
    runId,
    runStartedAt: isoTime(start.startedAt),
    begunAt: leftover?.identity.begunAt ?? start.startedAt,
    scope: scopeOf(start),
    firstRow,
    epoch: leftover?.identity.epoch ?? 0,
    expected: leftover?.identity.expected,
  };
}
