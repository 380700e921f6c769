import Sqlite, { type Database } from 'better-sqlite3';
import { sameImage } from '../inventory/compare.ts';
import { ASSIGNMENTS, COLUMNS, toCells, toImage, type ImageRow } from './rows.ts';
import type { ShownImages } from './shown-images.ts';
import type { Sightings } from './sightings.ts';

/** The indexes of stored images, as the migrations make them. */
const INDEXES = {
  images_by_id: 'CREATE UNIQUE INDEX images_by_id ON stored_images (account_key, id)',
  images_by_creator:
    'CREATE INDEX images_by_creator ON stored_images (creator, account_key, uploaded)',
  images_by_upload: 'CREATE INDEX images_by_upload ON stored_images (uploaded, account_key)',
} as const;

/**
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

export function hasImages(database: Database): boolean {
  return database.prepare('SELECT 1 FROM stored_images').get() !== undefined;
}

/** Lets images be written without indexes. The caller holds the transaction. */
export function dropIndexes(database: Database): void {
  for (const name of Object.keys(INDEXES)) database.exec(`DROP INDEX IF EXISTS ${name}`);
}

/** Makes the indexes of images of which none is there twice. The caller holds the transaction. */
export function makeIndexes(database: Database): void {
  if (!hasIndexes(database)) for (const sql of Object.values(INDEXES)) database.exec(sql);
}

/** The images that a first run wrote, and what it knows of them. */
export interface FirstImages {
  readonly database: Database;
  readonly accountKey: number;
  readonly sightings: Sightings;
  readonly shown: ShownImages;
}

/**
 * Makes the indexes; an image that was listed twice keeps its first row, with what was said of it last. The caller holds the
 * transaction.
 *
 * @returns How many rows were those of images that have another.
 */
export function finishFirstLoad(images: FirstImages): number {
  const { database } = images;
  try {
    makeIndexes(database);
    return 0;
  } catch (error) {
    const isTwice = error instanceof Sqlite.SqliteError && error.code === 'SQLITE_CONSTRAINT_UNIQUE';
    if (!isTwice) throw error;
  }
  const surplus = mergeRepeated(images);
  makeIndexes(database);
  return surplus;
}

function mergeRepeated({ database, accountKey, sightings, shown }: FirstImages): number {
  const repeated = database
    .prepare<[number], string>(
      `SELECT json_group_array(row_id) FROM stored_images WHERE account_key = ?
       GROUP BY id HAVING count(*) > 1`,
    )
    .pluck()
    .all(accountKey);
  const find = database.prepare<[number], ImageRow>(
    `SELECT id, ${COLUMNS} FROM stored_images WHERE row_id = ?`,
  );
  const update = database.prepare(`UPDATE stored_images SET ${ASSIGNMENTS} WHERE row_id = ?`);
  const remove = database.prepare('DELETE FROM stored_images WHERE row_id = ?');
  const imageOf = (rowId: number) => toImage(find.get(rowId) as ImageRow);

  let surplus = 0;
  for (const list of repeated) {
    const rowIds = (JSON.parse(list) as number[]).sort((a, b) => a - b);
    const kept = rowIds[0] as number;
    const last = rowIds.at(-1) as number;
    const before = imageOf(kept);
    const after = imageOf(last);
    const digest = shown.find(last);
    for (const rowId of rowIds.slice(1)) {
      sightings.takeBack(rowId, imageOf(rowId));
      remove.run(rowId);
      surplus += 1;
    }
    if (sameImage(before, after)) continue;
    update.run(...toCells(after), kept);
    shown.writeOne(kept, digest);
    sightings.content.remove(before);
    sightings.content.add(after);
  }
  return surplus;
}
