import type { Database } from 'better-sqlite3';
import type { Change } from '../inventory/change.ts';
import { readFieldChanges } from '../inventory/field-changes.ts';
import { FIELDS, type Image } from '../inventory/image.ts';
import { IS_PUBLISHED } from './ledger.ts';
import { damaged } from './past/rewind.ts';
import { COLUMNS, toImage, type ImageRow } from './rows.ts';

/** A run, and when it was published, in ISO 8601. */
export interface RunTime {
  readonly runId: number;
  readonly at: string;
}

/** A change, and the run that found it. */
export type DatedChange = RunTime & Omit<Change, 'imageId'>;

/** All that the inventory remembers of one image of one account. */
export interface ImageHistory {
  readonly accountId: string;
  /** As it is; of an image that is gone, as it was last. */
  readonly image: Image;
  readonly firstSeen: RunTime;
  /** Whether it was there when the inventory began: that run was the account's first complete one. */
  readonly isOfBaseline: boolean;
  /** `undefined` while it is there. */
  readonly removed: RunTime | undefined;
  /** The run up to which the account's changes are forgotten; `undefined` while none is. */
  readonly forgotten: RunTime | undefined;
  /** The earliest first. */
  readonly changes: readonly DatedChange[];
}

/** Which image. */
interface Of {
  readonly accountId: string;
  readonly imageId: string;
}

/** What a row that is there and one that is gone both say. */
const ROW = `id, ${COLUMNS}, first_seen_run`;

/** The image's row, as long as it is there. */
export const PRESENT_IMAGE = `
  SELECT ${ROW} FROM accounts JOIN stored_images USING (account_key)
  WHERE account_id = @accountId AND id = @imageId AND row_id <= visible_row`;

/** The image's last row, if it is gone. */
export const GONE_IMAGE = `
  SELECT ${ROW}, removed_run, removed_at FROM removed_images
  WHERE account_id = @accountId AND id = @imageId`;

/** The image's changes after the horizon. The plus keeps SQLite from the index of whole runs. */
export const IMAGE_CHANGES = `
  SELECT run_id AS runId, at, kind, diff FROM changes
  WHERE account_id = @accountId AND image_id = @imageId AND +run_id > @horizon
  ORDER BY change_id`;

/**
 * What became of an image in each of these accounts that has ever listed it, all read from one state of the database.
 * An id that no account has ever listed has no history at all.
 *
 * @throws Failure `DATABASE_DAMAGED` if a change is no change, or what is stored of the image cannot be read.
 */
export function readImageHistories(
  database: Database,
  accountIds: readonly string[],
  imageId: string,
): readonly ImageHistory[] {
  return database.transaction(() =>
    accountIds.flatMap((accountId) => readImageHistory(database, { accountId, imageId }) ?? []),
  )();
}

function readImageHistory(database: Database, of: Of): ImageHistory | undefined {
  const present = database.prepare<[Of], ImageRow>(PRESENT_IMAGE).get(of);
  const row = present ?? database.prepare<[Of], ImageRow>(GONE_IMAGE).get(of);
  if (row === undefined) return undefined;
  const { accountId } = of;
  const image = toImage(row);
  assertJson(image);
  const firstSeen = readRun(database, row['first_seen_run'] as number);
  const forgotten = readHorizon(database, accountId);
  return {
    accountId,
    image,
    firstSeen,
    isOfBaseline: firstSeen.runId === firstPublished(database, accountId),
    removed: present === undefined ? removalOf(row) : undefined,
    forgotten,
    changes: readChanges(database, of, forgotten?.runId ?? 0),
  };
}

function readChanges(database: Database, of: Of, horizon: number): readonly DatedChange[] {
  const changes = database
    .prepare<[Of & { readonly horizon: number }], DatedChange>(IMAGE_CHANGES)
    .all({ ...of, horizon });
  for (const change of changes) assertReadable(of.imageId, change);
  return changes;
}

function assertReadable(imageId: string, { runId, diff }: DatedChange): void {
  try {
    readFieldChanges(diff);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw damaged(`in run ${runId} the diff of image ${imageId} cannot be read: ${error.message}`);
  }
}

/** Whoever shows the image reads its JSON. */
function assertJson(image: Image): void {
  for (const { key, column, kind } of FIELDS) {
    const text = image[key];
    if (kind !== 'json' && kind !== 'json-set') continue;
    if (typeof text === 'string' && !isJson(text)) {
      throw damaged(`the image ${image.id} has no JSON in ${column}`);
    }
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function removalOf(row: ImageRow): RunTime {
  return { runId: row['removed_run'] as number, at: row['removed_at'] as string };
}

/** Runs that an image names are never forgotten. */
function readRun(database: Database, runId: number): RunTime {
  const at = database
    .prepare<[number], string | null>('SELECT finished_at FROM runs WHERE run_id = ?')
    .pluck()
    .get(runId);
  return { runId, at: at ?? '' };
}

function readHorizon(database: Database, accountId: string): RunTime | undefined {
  const runId = database
    .prepare<[string], number | null>('SELECT forgotten_run FROM accounts WHERE account_id = ?')
    .pluck()
    .get(accountId);
  return typeof runId === 'number' ? readRun(database, runId) : undefined;
}

function firstPublished(database: Database, accountId: string): number | undefined {
  return database
    .prepare<[string], number>(
      `SELECT run_id FROM runs WHERE account_id = ? AND ${IS_PUBLISHED} ORDER BY run_id LIMIT 1`,
    )
    .pluck()
    .get(accountId);
}
