import type { Database } from 'better-sqlite3';
import type { Change, ChangeKind, Counts } from '../inventory/change.ts';
import { diffImages } from '../inventory/compare.ts';
import type { Image } from '../inventory/image.ts';
import type { StoredAccount } from './accounts.ts';
import { isoTime } from './ledger.ts';
import type { RowIds } from './row-ids.ts';
import type { RowSet } from './row-set.ts';
import { ASSIGNMENTS, COLUMNS, PLACEHOLDERS, toCells, toImage, type ImageRow } from './rows.ts';

export interface PublishOptions {
  readonly database: Database;
  readonly account: StoredAccount;
  readonly rowIds: RowIds;
  readonly runId: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** A baseline is no news: its images are not written to `changes`. */
  readonly isBaseline: boolean;
  /** The run's own rows start here. */
  readonly firstRow: number;
  /** The rows of images that are proved to be gone. */
  readonly gone: RowSet;
}

type Published = Pick<Counts, 'added' | 'changed' | 'removed' | 'restored'>;

/** Rows held in memory at once while a stage is published or its changes are read. */
const BATCH = 500;

/**
 * Turns a stage into the account's inventory. The caller holds the transaction: before it commits no
 * reader sees any of it, afterwards all of it.
 */
export function publish(options: PublishOptions): Published {
  const record = recorder(options);
  const published = {
    added: publishAdded(options, record),
    changed: publishChanged(options, record),
    restored: publishRestored(options, record),
    removed: publishRemoved(options, record),
  };
  const { database, account } = options;
  database.prepare('DELETE FROM staged_images WHERE account_key = ?').run(account.key);
  raiseWatermark(options);
  return published;
}

type Recorder = (
  imageId: string,
  kind: ChangeKind,
  before: Image | null,
  after: Image | null,
) => void;

function recorder({ database, account, runId, at }: PublishOptions): Recorder {
  const insert = database.prepare(
    'INSERT INTO changes (run_id, account_id, image_id, kind, diff, at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const time = isoTime(at);
  return (imageId, kind, before, after) => {
    const diff = diffImages(before, after) ?? '{}';
    insert.run(runId, account.accountId, imageId, kind, diff, time);
  };
}

/** New images stand where they will stay; only the news of them is still to be written. */
function publishAdded(options: PublishOptions, record: Recorder): number {
  const { database, account, firstRow, isBaseline } = options;
  const own = 'FROM stored_images WHERE account_key = ? AND row_id > ?';
  if (!isBaseline) {
    const next = database.prepare<[number, number, number], ImageRow>(
      `SELECT row_id, id, ${COLUMNS} ${own} ORDER BY row_id LIMIT ?`,
    );
    const rows = inBatches(firstRow - 1, (after) => next.all(account.key, after, BATCH), rowIdOf);
    for (const row of rows) record(idOf(row), 'added', null, toImage(row));
  }
  const count = database.prepare<[number, number], number>(`SELECT count(*) ${own}`).pluck();
  return count.get(account.key, firstRow - 1) ?? 0;
}

function publishChanged(options: PublishOptions, record: Recorder): number {
  const { database, account, runId } = options;
  const find = database.prepare<[number, string], ImageRow>(
    `SELECT row_id, id, ${COLUMNS} FROM stored_images WHERE account_key = ? AND id = ?`,
  );
  const update = database.prepare(
    `UPDATE stored_images SET ${ASSIGNMENTS}, changed_run = ? WHERE row_id = ?`,
  );
  let changed = 0;
  for (const image of staged(options, 'changed')) {
    const row = find.get(account.key, image.id);
    if (row === undefined) continue;
    record(image.id, 'changed', toImage(row), image);
    update.run(...toCells(image), runId, rowIdOf(row));
    changed += 1;
  }
  return changed;
}

function publishRestored(options: PublishOptions, record: Recorder): number {
  const { database, account, runId, rowIds } = options;
  const find = database.prepare<[string, string], ImageRow>(
    `SELECT id, ${COLUMNS}, first_seen_run FROM removed_images WHERE account_id = ? AND id = ?`,
  );
  const insert = database.prepare(
    `INSERT INTO stored_images (row_id, account_key, id, ${COLUMNS}, first_seen_run, changed_run)
     VALUES (?, ?, ?, ${PLACEHOLDERS}, ?, ?)`,
  );
  const forget = database.prepare('DELETE FROM removed_images WHERE account_id = ? AND id = ?');
  let restored = 0;
  for (const image of staged(options, 'restored')) {
    const row = find.get(account.accountId, image.id);
    if (row === undefined) continue;
    record(image.id, 'restored', toImage(row), image);
    const firstSeen = row['first_seen_run'];
    insert.run(rowIds.take(), account.key, image.id, ...toCells(image), firstSeen, runId);
    forget.run(account.accountId, image.id);
    restored += 1;
  }
  return restored;
}

function publishRemoved(options: PublishOptions, record: Recorder): number {
  const { database, account, runId, at, gone } = options;
  const find = database.prepare<[number], ImageRow>(
    `SELECT id, ${COLUMNS} FROM stored_images WHERE row_id = ?`,
  );
  const remember = database.prepare(
    `INSERT INTO removed_images (account_id, id, ${COLUMNS}, first_seen_run, changed_run, removed_run, removed_at)
     SELECT ?, id, ${COLUMNS}, first_seen_run, changed_run, ?, ? FROM stored_images WHERE row_id = ?`,
  );
  const remove = database.prepare('DELETE FROM stored_images WHERE row_id = ?');
  for (const rowId of gone) {
    const row = find.get(rowId);
    if (row === undefined) continue;
    record(idOf(row), 'removed', toImage(row), null);
    remember.run(account.accountId, runId, isoTime(at), rowId);
    remove.run(rowId);
  }
  return gone.size;
}

function staged({ database, account }: PublishOptions, kind: ChangeKind): Iterable<Image> {
  const next = database.prepare<[number, string, string, number], ImageRow>(
    `SELECT id, ${COLUMNS} FROM staged_images
     WHERE account_key = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?`,
  );
  return inBatches('', (after) => next.all(account.key, kind, after, BATCH), idOf).map(toImage);
}

/** Makes the run's rows visible. A run that wrote none leaves the account's row untouched. */
function raiseWatermark({ database, account, firstRow, rowIds }: PublishOptions): void {
  if (rowIds.next === firstRow) return;
  database
    .prepare('UPDATE accounts SET visible_row = ? WHERE account_key = ?')
    .run(rowIds.next - 1, account.key);
}

/** What a run wrote to `changes`, in the order in which it was written. */
export function readChanges(database: Database, runId: number): Iterable<Change> {
  const next = database.prepare<[number, number, number], Change & { changeId: number }>(
    `SELECT change_id AS changeId, image_id AS imageId, kind, diff FROM changes
     WHERE run_id = ? AND change_id > ? ORDER BY change_id LIMIT ?`,
  );
  return inBatches(
    0,
    (after) => next.all(runId, after, BATCH),
    ({ changeId }) => changeId,
  );
}

/** A query's rows in the order of a key, read in batches, so that rows may be written in between. */
function* inBatches<Row, Key>(
  first: Key,
  readAfter: (key: Key) => readonly Row[],
  keyOf: (row: Row) => Key,
): Generator<Row, undefined> {
  let rows = readAfter(first);
  for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
    yield* rows;
    rows = readAfter(keyOf(last));
  }
}

function idOf(row: ImageRow): string {
  return row['id'] as string;
}

function rowIdOf(row: ImageRow): number {
  return row['row_id'] as number;
}
