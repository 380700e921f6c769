import type { Database, Statement } from 'better-sqlite3';
import type { Image } from '../inventory/image.ts';
import { ASSIGNMENTS, COLUMNS, PLACEHOLDERS, toCells, type ImageRow } from './rows.ts';

/** The statements of one run's stage, prepared once, bound to one account. */
export interface StageStatements {
  /** Stored images of the run's scope, below the run's own rows. */
  readonly countStored: Statement<[{ readonly firstRow: number }], number>;
  /** `row_id`, `id` and the image's columns. */
  readonly findStored: Statement<[id: string], ImageRow>;
  /** Stored images of the run's scope after an id, in the order of ids. */
  readonly nextInScope: Statement<[after: string, limit: number], { rowId: number; id: string }>;
  /** Forgets the change of an image that readers know. */
  readonly unstage: Statement<[rowId: number]>;
  /** Writes a new image into the row that it will keep. */
  insertOwn(rowId: number, image: Image, runId: number): void;
  updateOwn(rowId: number, image: Image): void;
  /** Remembers a change of an image that readers know. */
  stage(rowId: number, image: Image, digest: Buffer | null): void;
}

/**
 * @param creators - The run's scope: only these creators' images, `''` for those without one; all if `undefined`.
 */
export function prepareStage(
  database: Database,
  accountKey: number,
  creators: readonly string[] | undefined,
): StageStatements {
  // An integer, and a list of hexadecimal literals: neither can be anything but a value.
  const account = `account_key = ${accountKey}`;
  const inScope = `${account}${scopeCondition(creators)}`;

  const insert = database.prepare(
    `INSERT INTO stored_images (row_id, account_key, id, ${COLUMNS}, first_seen_run, changed_run)
     VALUES (?, ${accountKey}, ?, ${PLACEHOLDERS}, ?, ?)`,
  );
  const update = database.prepare(`UPDATE stored_images SET ${ASSIGNMENTS} WHERE row_id = ?`);
  const stage = database.prepare(
    `INSERT OR REPLACE INTO staged_images (row_id, account_key, id, ${COLUMNS}, digest)
     VALUES (?, ${accountKey}, ?, ${PLACEHOLDERS}, ?)`,
  );

  return {
    countStored: database
      .prepare<[{ readonly firstRow: number }], number>(
        creators === undefined
          ? countAll(accountKey)
          : `SELECT count(*) FROM stored_images WHERE ${inScope} AND row_id < @firstRow`,
      )
      .pluck(),
    findStored: database.prepare<[string], ImageRow>(
      `SELECT row_id, id, ${COLUMNS} FROM stored_images WHERE ${account} AND id = ?`,
    ),
    nextInScope: database.prepare(
      `SELECT row_id AS rowId, id FROM stored_images WHERE ${inScope} AND id > ? ORDER BY id LIMIT ?`,
    ),
    unstage: database.prepare('DELETE FROM staged_images WHERE row_id = ?'),
    insertOwn: (rowId, image, runId) =>
      void insert.run(rowId, image.id, ...toCells(image), runId, runId),
    updateOwn: (rowId, image) => void update.run(...toCells(image), rowId),
    stage: (rowId, image, digest) => void stage.run(rowId, image.id, ...toCells(image), digest),
  };
}

/** Where all images are one account's, counting them all and then the few above takes an eighth of the time. */
function countAll(accountKey: number): string {
  const isAlone = `(SELECT min(account_key) FROM stored_images) = ${accountKey}
    AND (SELECT max(account_key) FROM stored_images) = ${accountKey}`;
  const count = 'SELECT count(*) FROM stored_images';
  return `SELECT CASE WHEN ${isAlone} THEN (${count}) - (${count} WHERE row_id >= @firstRow)
    ELSE (${count} WHERE account_key = ${accountKey} AND row_id < @firstRow) END`;
}

function scopeCondition(creators: readonly string[] | undefined): string {
  if (creators === undefined) return '';
  // As bytes, because a quoted text ends at its first NUL.
  const literals = creators.map(
    (creator) => `CAST(x'${Buffer.from(creator).toString('hex')}' AS TEXT)`,
  );
  return ` AND coalesce(creator, '') IN (${literals.join(', ')})`;
}
