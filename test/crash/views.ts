import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { Row } from '../support/inventory.ts';

/** What a reader sees of the images and their past, without the numbers and times of runs. */
export interface View {
  readonly images: readonly Row[];
  readonly nulls: readonly Row[];
  readonly removed: readonly Row[];
  readonly changes: readonly Row[];
  /** Of the last complete run. */
  readonly contentHash: unknown;
}

/** A row of the ledger. */
export interface RunRow {
  readonly run_id: number;
  readonly status: string;
  readonly resumed_run: number | null;
}

/** Images in the order of their ids, as text: whether they are of the run that is looked at, not of which. */
const IMAGE =
  'id, filename, creator, meta, require_signed_urls, uploaded, variants, extra, first_seen_run > $known AS is_new, changed_run > $known AS is_changed';

const QUERIES = {
  images: `SELECT ${IMAGE} FROM images ORDER BY id`,
  nulls: 'SELECT image_id, field FROM image_nulls ORDER BY image_id, field',
  removed: `SELECT ${IMAGE}, null_fields, removed_run > $known AS is_gone FROM removed_images ORDER BY id`,
  changes: `SELECT image_id, kind, diff, run_id > $known AS is_new FROM changes ORDER BY is_new, image_id, kind`,
};

const EMPTY: View = { images: [], nulls: [], removed: [], changes: [], contentHash: undefined };

/** Opens a database as a reader does. @returns `undefined` when there is nothing to be read yet. */
function reading<T>(file: string, work: (database: Sqlite.Database) => T): T | undefined {
  if (!existsSync(file)) return undefined;
  const database = new Sqlite(file, { readonly: true });
  try {
    const hasTables = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'runs'").get();
    return hasTables === undefined ? undefined : work(database);
  } finally {
    database.close();
  }
}

/** @param known - The last run before those that are looked at. */
export function viewOf(file: string, known: number): View {
  const view = reading(file, (database): View => {
    const rows = (sql: string): Row[] => {
      if (!sql.includes('$known')) return database.prepare<[], Row>(sql).all();
      return database.prepare<[{ known: number }], Row>(sql).all({ known });
    };
    const last = rows(
      `SELECT content_hash FROM runs WHERE status = 'complete' AND mode <> 'dry-run'
       ORDER BY run_id DESC LIMIT 1`,
    );
    return {
      images: rows(QUERIES.images),
      nulls: rows(QUERIES.nulls),
      removed: rows(QUERIES.removed),
      changes: rows(QUERIES.changes),
      contentHash: last[0]?.['content_hash'],
    };
  });
  return view ?? EMPTY;
}

/** The ledger behind a run. */
export function runsBehind(file: string, known: number): readonly RunRow[] {
  const rows = reading(file, (database) =>
    database
      .prepare<[number], RunRow>(
        'SELECT run_id, status, resumed_run FROM runs WHERE run_id > ? ORDER BY run_id',
      )
      .all(known),
  );
  return rows ?? [];
}

/** The counts of the first complete run behind a run: the one that published. */
export function countsBehind(file: string, known: number): unknown {
  return reading(file, (database) =>
    database
      .prepare<[number], Row>(
        `SELECT listed, added, changed, removed, restored, unchanged, expected FROM runs
         WHERE run_id > ? AND status = 'complete' ORDER BY run_id LIMIT 1`,
      )
      .get(known),
  );
}

/** What is wrong with a database that no process writes, whoever wrote it last; nothing, if all is well. */
export function faultsOf(file: string): readonly unknown[] {
  const faults = reading(file, (database) => {
    const integrity = database.pragma('integrity_check', { simple: true });
    const unpublished = database
      .prepare(
        `SELECT id, status FROM images JOIN runs ON run_id IN (first_seen_run, changed_run)
         WHERE status <> 'complete'`,
      )
      .all();
    return [
      ...(integrity === 'ok' ? [] : [integrity]),
      ...(database.pragma('foreign_key_check') as unknown[]),
      ...unpublished,
    ];
  });
  return faults ?? [];
}

/** What unpublished runs have left behind, which a run that completed must not. */
export function leftoversOf(file: string): readonly string[] {
  const staged = reading(file, (database) =>
    database
      .prepare<[], string>(
        `SELECT 'stages' FROM stages UNION ALL SELECT 'staged ' || id FROM staged_images UNION ALL
         SELECT 'row ' || row_id FROM stored_images JOIN accounts USING (account_key) WHERE row_id > visible_row`,
      )
      .pluck()
      .all(),
  );
  const files = ['-scan', '-scan-wal', '-scan-shm', '-scan-journal'].filter((suffix) =>
    existsSync(file + suffix),
  );
  return [...(staged ?? []), ...files];
}
