import { Failure } from '../../inventory/failure.ts';
import { partitionFolder } from './partition.ts';

/** A run that a dataset has, with the file that holds its images. */
export interface ManifestRun {
  readonly run: number;
  /** ISO 8601, UTC. */
  readonly finished_at: string;
  readonly images: number;
  /** As in the ledger: equal for equal images; `null` if the ledger does not know. */
  readonly content_hash: string | null;
  /** The earlier run whose file holds this one's images as well; absent if it has a file of its own. */
  readonly same_as?: number;
  /** Beside the manifest. */
  readonly file: string;
  readonly bytes: number;
  /** Of the file, in hexadecimal digits. */
  readonly sha256: string;
}

/** What a dataset has of one account. Its JSON Schema is config/dataset.schema.json. */
export interface Manifest {
  readonly version: 1;
  readonly account_id: string;
  /** In the order in which they were read. */
  readonly runs: readonly ManifestRun[];
}

/** A name that query engines pass over. */
export const MANIFEST = '_manifest.json';

/** A file is called as query engines call theirs. */
const FILE = 'part-00000.parquet';

/** The file of a run's images, beside the manifest. */
export function fileOf(run: number): string {
  return `${partitionFolder('run', run)}/${FILE}`;
}

/** The manifest of an account that a dataset does not have yet. */
export function emptyManifest(accountId: string): Manifest {
  return { version: 1, account_id: accountId, runs: [] };
}

/** One line of JSON, so that engines which read lines can read many manifests as one table. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest)}\n`;
}

/**
 * Reads a manifest.
 *
 * @param name - Of the file, for people.
 * @throws Failure `USAGE` if it is none, of another account, or of a newer version.
 */
export function parseManifest(text: string, accountId: string, name: string): Manifest {
  const value = parseJson(text);
  if (!isObject(value) || typeof value['version'] !== 'number') {
    throw unusable(name, 'is no manifest of a dataset');
  }
  if (value['version'] !== 1) {
    throw unusable(name, 'was written by a newer version of image-inventory');
  }
  if (value['account_id'] !== accountId) throw unusable(name, 'is of another account');
  const runs: unknown = value['runs'];
  if (!Array.isArray(runs) || !runs.every(isRun) || !areInOrder(runs)) {
    throw unusable(name, 'is damaged');
  }
  return { version: 1, account_id: accountId, runs };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Whoever may write to the dataset may have written anything: a line is believed only if this program could have. */
function isRun(value: unknown): value is ManifestRun {
  if (!isObject(value)) return false;
  const { run, finished_at, images, content_hash, same_as, file, bytes, sha256 } = value;
  const held = same_as ?? run;
  return (
    isCount(run, 1) &&
    isCount(held, 1) &&
    (same_as === undefined || held < run) &&
    file === fileOf(held) &&
    isCount(images, 0) &&
    isCount(bytes, 1) &&
    isLike(TIME, finished_at) &&
    (content_hash === null || isLike(HASH, content_hash)) &&
    isLike(HASH, sha256)
  );
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const HASH = /^[0-9a-f]{64}$/;

function isCount(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= least;
}

function isLike(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function areInOrder(runs: readonly ManifestRun[]): boolean {
  return runs.every(({ run }, index) => index === 0 || run > (runs[index - 1]?.run ?? 0));
}

function unusable(name: string, what: string): Failure {
  return new Failure('USAGE', `the dataset cannot be added to: ${name} ${what}`, {
    hint: 'Write into another place, or move what is there away.',
  });
}
