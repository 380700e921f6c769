import { Failure } from '../inventory/failure.ts';

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
  if (!Array.isArray(runs) || !runs.every(isRun)) throw unusable(name, 'is damaged');
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

function isRun(value: unknown): value is ManifestRun {
  if (!isObject(value)) return false;
  const { run, finished_at, images, content_hash, same_as, file, bytes, sha256 } = value;
  return (
    [run, images, bytes, same_as ?? 1].every(Number.isSafeInteger) &&
    [finished_at, file, sha256, content_hash ?? ''].every((text) => typeof text === 'string')
  );
}

function unusable(name: string, what: string): Failure {
  return new Failure('USAGE', `the dataset cannot be added to: ${name} ${what}`, {
    hint: 'Write into another place, or move what is there away.',
  });
}
