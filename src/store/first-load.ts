import Sqlite, { type Database } from 'better-sqlite3';
import { sameImage } from '../inventory/compare.ts';
import type { Image } from '../inventory/image.ts';
import type { StoredAccount } from './accounts.ts';
import { latestSchema, type SchemaObject } from './migrate.ts';
import { ASSIGNMENTS, COLUMNS, toCells, toImage, type ImageRow } from './rows.ts';
import { ShownImages } from './shown-images.ts';

/** The indexes of stored images, first the one that is refused if an image is there twice, and what looks into them at every insert. */
const MADE_LATER: ReadonlySet<string> = new Set([
  'images_by_id',
  'images_by_creator',
  'images_by_upload',
  'shown_images_insert',
]);

/** Whether an object of the schema may be missing while the first images of an inventory are written. */
export function isMadeLater(name: string): boolean {
  return MADE_LATER.has(name);
}

/**
 * Whether the indexes of stored images are there.
 *
 * The first images of an inventory are written without indexes, which are then made of all of them at once: ids come in no
 * order, so that keeping an index of a million up to date takes several times as long as everything else. Until then nobody
 * can tell whether an image was listed before; one that was stands there twice, and is found when the index is made.
 *
 * Whether the indexes are there is written in the file itself: a process may end at any time.
 */
export function hasIndexes(database: Database): boolean {
  return (
    database
      .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'images_by_id'")
      .get() !== undefined
  );
}

/** Whether any image is stored, of whatever run. */
export function hasImages(database: Database): boolean {
  return database.prepare('SELECT 1 FROM stored_images').get() !== undefined;
}

/** Whether readers see any image. */
export function hasVisibleImages(database: Database): boolean {
  return database.prepare('SELECT 1 FROM images').get() !== undefined;
}

/** Whose first inventory has no indexes yet; `undefined` if there is none such. */
export function firstAccount(database: Database): StoredAccount | undefined {
  if (hasIndexes(database)) return undefined;
  return database
    .prepare<[], StoredAccount>(
      `SELECT account_key AS key, account_id AS accountId FROM accounts
       WHERE account_key = (SELECT account_key FROM stored_images ORDER BY row_id LIMIT 1)`,
    )
    .get();
}

/** Lets images be written without indexes. The caller holds the transaction. */
export function dropIndexes(database: Database): void {
  drop(database, madeLater());
}

function drop(database: Database, objects: readonly SchemaObject[]): void {
  for (const { type, name } of objects) database.exec(`DROP ${type} IF EXISTS ${name}`);
}

/** What is made later, in the order in which it is made. */
function madeLater(): readonly SchemaObject[] {
  const order = [...MADE_LATER];
  return latestSchema()
    .filter(({ name }) => isMadeLater(name))
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

/** Makes the indexes of images of which none is there twice. The caller holds the transaction. */
export function makeIndexes(database: Database): void {
  if (hasIndexes(database)) return;
  const objects = madeLater();
  // Somebody may have dropped some of them.
  drop(database, objects);
  for (const { sql } of objects) database.exec(sql);
}

/** Told what becomes of images that were listed twice. */
export interface OnMerged {
  /** A row is gone whose image has another one. */
  readonly dropped: (rowId: number, image: Image) => void;
  /** The row that stays holds what was said last. */
  readonly amended: (before: Image, after: Image) => void;
}

const TELL_NOBODY: OnMerged = { dropped: () => undefined, amended: () => undefined };

/**
 * Makes the indexes; an image that was listed twice keeps its first row, with what was said of it last. The caller holds the
 * transaction.
 */
export function finishFirstLoad(
  database: Database,
  account: StoredAccount,
  onMerged = TELL_NOBODY,
): void {
  try {
    makeIndexes(database);
    return;
  } catch (error) {
    const isTwice =
      error instanceof Sqlite.SqliteError && error.code === 'SQLITE_CONSTRAINT_UNIQUE';
    if (!isTwice) throw error;
  }
  mergeRepeated(database, account, onMerged);
  makeIndexes(database);
}

function mergeRepeated(database: Database, account: StoredAccount, onMerged: OnMerged): void {
  const shown = new ShownImages(database, account);
  const repeated = database
    .prepare<[number], string>(
      `SELECT json_group_array(row_id) FROM stored_images WHERE account_key = ?
       GROUP BY id HAVING count(*) > 1`,
    )
    .pluck()
    .all(account.key);
  const find = database.prepare<[number], ImageRow>(
    `SELECT id, ${COLUMNS} FROM stored_images WHERE row_id = ?`,
  );
  const update = database.prepare(`UPDATE stored_images SET ${ASSIGNMENTS} WHERE row_id = ?`);
  const remove = database.prepare('DELETE FROM stored_images WHERE row_id = ?');
  const imageOf = (rowId: number): Image => {
    const row = find.get(rowId);
    if (row === undefined) throw new RangeError(`no row ${rowId}`);
    return toImage(row);
  };

  for (const list of repeated) {
    const rowIds = (JSON.parse(list) as number[]).sort((a, b) => a - b);
    const [kept = 0, ...others] = rowIds;
    const last = others.at(-1) ?? kept;
    const before = imageOf(kept);
    const after = imageOf(last);
    const digest = shown.find(last);
    for (const rowId of others) {
      onMerged.dropped(rowId, imageOf(rowId));
      remove.run(rowId);
    }
    if (sameImage(before, after)) continue;
    update.run(...toCells(after), kept);
    shown.writeOne(kept, digest);
    onMerged.amended(before, after);
  }
}
