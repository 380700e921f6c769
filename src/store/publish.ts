import type { Database } from 'better-sqlite3';
import type { Change, ChangeKind, Counts } from '../inventory/change.ts';
import { diffImages, reworded } from '../inventory/compare.ts';
import { ContentSum } from '../inventory/content.ts';
import type { Image } from '../inventory/image.ts';
import type { StoredAccount } from './accounts.ts';
import { inBatches } from './batches.ts';
import { contentOf } from './content.ts';
import { isoTime, type Published } from './ledger.ts';
import { publishChanged } from './publish-changed.ts';
import { findReidentified, type Ids } from './reidentify.ts';
import type { RowIds } from './row-ids.ts';
import type { RowSet } from './row-set.ts';
import { ASSIGNMENTS, COLUMNS, rowIdOf, toCells, toImage, type ImageRow } from './rows.ts';
import type { ShownImages } from './shown-images.ts';
import { clearStage } from './stage-row.ts';

export interface PublishOptions {
  readonly database: Database;
  readonly account: StoredAccount;
  readonly rowIds: RowIds;
  readonly runId: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What readers see until now; `undefined` before the first. A baseline is no news: its images are not written to `changes`. */
  readonly published: Published | undefined;
  /** The run's own rows start here. */
  readonly firstRow: number;
  /** Of the run's own rows. */
  readonly content: ContentSum;
  /** The last row that the run has seen. */
  readonly highest: number;
  /** The rows of images that are proved to be gone. */
  readonly gone: RowSet;
  readonly shown: ShownImages;
}

type Outcome = Pick<Counts, 'added' | 'changed' | 'removed' | 'restored'> & {
  readonly contentHash: string;
};

/** A publication under way. */
interface Publication extends PublishOptions {
  readonly record: Recorder;
  /** What readers will see, as one number. */
  readonly total: ContentSum;
  readonly reidentified: ReadonlyMap<number, Ids>;
}

/** Rows held in memory at once while a stage is published or its changes are read. */
const BATCH = 500;

/**
 * Turns a stage into the account's inventory. The caller holds the transaction: before it commits no
 * reader sees any of it, afterwards all of it.
 */
export function publish(options: PublishOptions): Outcome {
  const { database, account, published, content, gone, firstRow } = options;
  const total = published === undefined ? new ContentSum() : publishedContent(options, published);
  total.merge(content);
  const publication = {
    ...options,
    total,
    record: recorder(options),
    reidentified: findReidentified(database, account.key, gone, firstRow),
  };
  const fresh = publishNew(publication);
  const changed = publishChanged({
    ...{ database, accountKey: account.key, runId: options.runId, shown: options.shown },
    onChange: (before, after) => {
      publication.record(before.id, 'changed', before, after);
      total.remove(before);
      total.add(after);
    },
  });
  const removed = publishRemoved(publication);
  raiseWatermark(options);
  clearStage(database, account.key);
  return { ...fresh, changed, removed, contentHash: total.hex() };
}

/** An inventory that an older program wrote is summed up once. */
function publishedContent(
  { database, account, firstRow }: PublishOptions,
  { contentHash }: Published,
): ContentSum {
  if (contentHash !== null) return new ContentSum(contentHash);
  return contentOf(database, account.key, firstRow);
}

type Recorder = (
  imageId: string,
  kind: ChangeKind,
  before: Image | null,
  after: Image | null,
  ids?: Ids,
) => void;

function recorder({ database, account, runId, at }: PublishOptions): Recorder {
  const insert = database.prepare(
    'INSERT INTO changes (run_id, account_id, image_id, kind, diff, at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const time = isoTime(at);
  return (imageId, kind, before, after, ids) => {
    const diff = diffImages(before, after, ids) ?? '{}';
    insert.run(runId, account.accountId, imageId, kind, diff, time);
  };
}

/** New images stand where they will stay; only the news of them is still to be written. */
function publishNew(publication: Publication): Pick<Outcome, 'added' | 'restored'> {
  const { database, account, firstRow, published, record, reidentified } = publication;
  // By the rows: an index of all the account's images would be read to its end. So says the plus.
  const own = 'FROM stored_images WHERE +account_key = ? AND row_id > ?';
  if (published === undefined) {
    const count = database.prepare<[number, number], number>(`SELECT count(*) ${own}`).pluck();
    return { added: count.get(account.key, firstRow - 1) ?? 0, restored: 0 };
  }
  const next = database.prepare<[number, number, number], ImageRow>(
    `SELECT row_id, id, ${COLUMNS} ${own} ORDER BY row_id LIMIT ?`,
  );
  const rows = inBatches(firstRow - 1, (after) => next.all(account.key, after, BATCH), rowIdOf);
  const restore = restorer(publication);
  let added = 0;
  let restored = 0;
  for (const row of rows) {
    const image = toImage(row);
    if (restore(rowIdOf(row), image)) {
      restored += 1;
      continue;
    }
    record(image.id, 'added', null, image, reidentified.get(rowIdOf(row)));
    added += 1;
  }
  return { added, restored };
}

/** Makes a new row that of an image which was removed once. Says whether it is one. */
function restorer(publication: Publication): (rowId: number, image: Image) => boolean {
  const { database, account, runId, record, total, reidentified, shown } = publication;
  const find = database.prepare<[string, string], ImageRow>(
    `SELECT id, ${COLUMNS}, first_seen_run FROM removed_images WHERE account_id = ? AND id = ?`,
  );
  const update = database.prepare(
    `UPDATE stored_images SET ${ASSIGNMENTS}, first_seen_run = ?, changed_run = ? WHERE row_id = ?`,
  );
  const forget = database.prepare('DELETE FROM removed_images WHERE account_id = ? AND id = ?');
  return (rowId, image) => {
    const row = find.get(account.accountId, image.id);
    if (row === undefined) return false;
    const before = toImage(row);
    const after = reworded(before, image);
    record(image.id, 'restored', before, after, reidentified.get(rowId));
    const digest = shown.find(rowId);
    update.run(...toCells(after), row['first_seen_run'], runId, rowId);
    // The same image, in other words.
    shown.writeOne(rowId, digest);
    total.remove(image);
    total.add(after);
    forget.run(account.accountId, image.id);
    return true;
  };
}

function publishRemoved(publication: Publication): number {
  const { database, account, runId, at, gone, record, total, reidentified } = publication;
  const find = database.prepare<[number], ImageRow>(
    `SELECT id, ${COLUMNS} FROM stored_images WHERE row_id = ?`,
  );
  // Somebody may have put one back by hand that was removed before.
  const remember = database.prepare(
    `INSERT OR REPLACE INTO removed_images (account_id, id, ${COLUMNS}, first_seen_run, changed_run, removed_run, removed_at)
     SELECT ?, id, ${COLUMNS}, first_seen_run, changed_run, ?, ? FROM stored_images WHERE row_id = ?`,
  );
  const remove = database.prepare('DELETE FROM stored_images WHERE row_id = ?');
  for (const rowId of gone) {
    const row = find.get(rowId);
    if (row === undefined) continue;
    const image = toImage(row);
    record(image.id, 'removed', image, null, reidentified.get(rowId));
    remember.run(account.accountId, runId, isoTime(at), rowId);
    remove.run(rowId);
    total.remove(image);
  }
  return gone.size;
}

/**
 * Makes what the run has seen visible: its own rows, and one that somebody has written by hand where readers do not look.
 * Nothing is written where they see it all.
 */
function raiseWatermark({ database, account, rowIds, highest }: PublishOptions): void {
  const visible = database
    .prepare<[number], number>('SELECT visible_row FROM accounts WHERE account_key = ?')
    .pluck();
  if (highest <= (visible.get(account.key) ?? 0)) return;
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
