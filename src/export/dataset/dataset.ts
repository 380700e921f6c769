import { Failure } from '../../inventory/failure.ts';
import type { Destination } from '../destination.ts';
import {
  emptyManifest,
  fileOf,
  MANIFEST,
  manifestText,
  parseManifest,
  type Manifest,
  type ManifestRun,
} from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { partitionFolder } from './partition.ts';

/** A complete run of one account, as the ledger has it. */
export interface DatasetRun {
  readonly accountId: string;
  readonly runId: number;
  /** ISO 8601, UTC. */
  readonly finishedAt: string;
  readonly contentHash: string | null;
  /** The earliest run from which on none found other images than this one, as far as the ledger remembers. */
  readonly sameSince: number;
}

/** What a file was written with. */
export interface WrittenFile {
  readonly images: number;
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** What became of a run: its file was `added`, or an earlier one holds the `same` images, or it was `present` before. */
export interface AddedRun {
  readonly outcome: 'added' | 'same' | 'present';
  readonly entry: ManifestRun;
  /** The file of its images, within the dataset. */
  readonly path: string;
}

/** So often a manifest is read again because somebody else writes it. */
const ATTEMPTS = 5;

/**
 * Adds a run to a dataset, unless it is there already: first its file, then the manifest that names it. A file that no
 * manifest names, as a crash between the two leaves it, is replaced by the next attempt at the same run.
 *
 * Runs are added in the order in which they were read, and only those whose images differ from the run before have a file. So
 * the images of any run are in the file of the greatest run up to it, which queries can tell from the paths alone.
 *
 * @param write - Writes the run's images and commits the destination.
 * @throws Failure `USAGE` if the dataset has later runs, or runs of another database.
 */
export async function addRun(
  store: ObjectStore,
  run: DatasetRun,
  write: (destination: Destination) => Promise<WrittenFile>,
): Promise<AddedRun> {
  const folder = partitionFolder('account_id', run.accountId);
  const file = fileOf(run.runId);
  const manifestPath = `${folder}/${MANIFEST}`;
  let written: WrittenFile | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const before = await store.read(manifestPath);
    const manifest =
      before === undefined
        ? emptyManifest(run.accountId)
        : parseManifest(before.text, run.accountId, `${store.name}/${manifestPath}`);
    refuseStranger(manifest, run, store.name);

    const known = await heldBy(store, folder, manifest, run);
    if (known?.run === run.runId) {
      // Somebody else may have added it while this one was writing the same file.
      const outcome = written === undefined ? 'present' : 'added';
      return { outcome, ...located(folder, known) };
    }
    const held = known ?? {
      ...(written ??= await write(await store.open(`${folder}/${file}`))),
      file,
    };
    const entry = entryOf(run, held);
    const after = manifestText(withRun(manifest, entry));
    if (await store.replace(manifestPath, after, before)) {
      return { outcome: known === undefined ? 'added' : 'same', ...located(folder, entry) };
    }
  }
  throw new Failure(
    'UNEXPECTED',
    `${store.name}/${manifestPath} is written by others all the time`,
    {
      hint: 'Let one process at a time write the dataset of an account, then run again.',
    },
  );
}

/**
 * The entry of this run, or of the run before if that has the same images; `undefined` if its file is not as it was written.
 *
 * That the hashes are equal is not enough: a run between them may have found other images, and its file be there without a
 * line in the manifest. It would be the greatest up to this run.
 */
async function heldBy(
  store: ObjectStore,
  folder: string,
  { runs }: Manifest,
  { runId, contentHash, sameSince }: DatasetRun,
): Promise<ManifestRun | undefined> {
  const last = runs.at(-1);
  const isUnchanged = last !== undefined && last.run >= sameSince;
  const isSame = isUnchanged && contentHash !== null && last.content_hash === contentHash;
  const entry = runs.find(({ run }) => run === runId) ?? (isSame ? last : undefined);
  if (entry === undefined) return undefined;
  return (await store.size(`${folder}/${entry.file}`)) === entry.bytes ? entry : undefined;
}

/** Runs are numbered by their database, so that equal numbers of two databases mean different runs. */
function refuseStranger({ runs }: Manifest, run: DatasetRun, name: string): void {
  const known = runs.find((entry) => entry.run === run.runId);
  const last = runs.at(-1);
  if (last === undefined || known?.finished_at === run.finishedAt) return;
  const isLater = last.run < run.runId && last.finished_at <= run.finishedAt;
  if (known === undefined && isLater) return;
  const isEarlier = run.runId < last.run && run.finishedAt <= last.finished_at;
  if (known === undefined && isEarlier) {
    const what = `has run ${last.run} of account ${run.accountId} already, and run ${run.runId} is earlier`;
    throw new Failure('USAGE', `the dataset ${name} ${what}`, {
      hint: 'A dataset grows forward in time: write earlier runs into another place, the earliest first.',
    });
  }
  const what = `has runs of account ${run.accountId} that another database numbered`;
  throw new Failure('USAGE', `the dataset ${name} ${what}`, {
    hint: "Write into another place, or move this account's folder away.",
  });
}

function entryOf(
  run: DatasetRun,
  held: WrittenFile & Pick<ManifestRun, 'file' | 'same_as'> & { readonly run?: number },
): ManifestRun {
  const sameAs = held.same_as ?? held.run;
  return {
    run: run.runId,
    finished_at: run.finishedAt,
    images: held.images,
    content_hash: run.contentHash,
    ...(sameAs !== undefined && { same_as: sameAs }),
    file: held.file,
    bytes: held.bytes,
    sha256: held.sha256,
  };
}

function withRun(manifest: Manifest, entry: ManifestRun): Manifest {
  const others = manifest.runs.filter(({ run }) => run !== entry.run);
  return { ...manifest, runs: [...others, entry].toSorted((a, b) => a.run - b.run) };
}

function located(folder: string, entry: ManifestRun): Pick<AddedRun, 'entry' | 'path'> {
  return { entry, path: `${folder}/${entry.file}` };
}
