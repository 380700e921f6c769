import { createHash } from 'node:crypto';
import { stderr } from 'node:process';
import { systemClock } from '../app/system-clock.ts';
import { VERSION } from '../app/version.ts';
import { loadConfig, type Flags } from '../config/load.ts';
import { addRun, type AddedRun, type WrittenFile } from '../export/dataset/dataset.ts';
import type { Destination } from '../export/destination.ts';
import { parquetMetadata } from '../export/parquet/metadata.ts';
import type { ObjectStore } from '../export/dataset/object-store.ts';
import { parquetEncoder } from '../export/parquet/encoder.ts';
import { PARTITION_COLUMNS } from '../export/dataset/partition.ts';
import { writeExport } from '../export/write.ts';
import { asFailure, Failure, type FailureCode } from '../inventory/failure.ts';
import type { Moment } from '../inventory/moment.ts';
import { printable } from '../inventory/printable.ts';
import { formatCount } from '../inventory/quantity.ts';
import { IMAGE_COLUMNS } from '../inventory/table.ts';
import { openSnapshot } from '../store/database.ts';
import { explainReading } from '../store/errors.ts';
import { accountsAt, chooseAccounts } from '../store/past/accounts-at.ts';
import { sameSince } from '../store/same-since.ts';
import { select, type Selection, type SelectionOptions } from '../store/selection.ts';
import { exitCodeOf } from './exit-codes.ts';
import { openStore } from './export-destination.ts';
import { inexactTimes } from './export-notes.ts';
import type { ExportOptions } from './export-order.ts';
import { takeMoment } from './moment.ts';
import { stopOnSignals } from './signals.ts';
import { printResult, reportFailure } from './streams.ts';
import { formatTable } from './table.ts';

/** A folder's name tells the account, and a column that is in the files as well is an error to some query engines. */
const COLUMNS = IMAGE_COLUMNS.map(({ name }) => name).filter((name) => name !== 'account_id');

/** `export --partition`: adds a run of each account to a dataset, unless it is there already. */
export async function exportDataset(flags: Flags, options: ExportOptions): Promise<number> {
  const output = datasetOutput(options);
  const config = loadConfig(flags);
  const moment = takeMoment(options.asOf ?? 'latest', systemClock.now());
  const stop = stopOnSignals();
  const store = await openStore(output, config, stop.signal);
  const database = openSnapshot(config.settings.database);
  const rows: string[][] = [];
  const failures: FailureCode[] = [];
  try {
    const chosen = config.accountIds.length > 0 ? config.accountIds : undefined;
    for (const accountId of chooseAccounts(database, chosen, [moment])) {
      try {
        rows.push(...(await addAccount(database, store, accountId, moment, stop.signal)));
      } catch (error) {
        stop.signal.throwIfAborted();
        const failure = asFailure(explainReading(error, config.settings.database));
        failures.push(failure.code);
        reportFailure(failure, config.settings['log.level'] === 'debug', accountId);
      }
    }
  } catch (error) {
    // Whoever stopped it knows it.
    const exitCode = stop.exitCode();
    if (exitCode === undefined) throw explainReading(error, config.settings.database);
    return exitCode;
  } finally {
    database.close();
  }
  if (rows.length > 0) printResult(toText(store, rows));
  return exitCodeOf(failures);
}

/** Adds what a moment means for an account. @returns The rows that tell of it. */
async function addAccount(
  database: ReturnType<typeof openSnapshot>,
  store: ObjectStore,
  accountId: string,
  moment: Moment,
  signal: AbortSignal,
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { account, runs } of accountsAt(database, [accountId], [moment])) {
    for (const run of runs) {
      const wanted = { accountId, ...run, sameSince: sameSince(database, account, run.runId) };
      const added = await addRun(store, wanted, (destination) =>
        writeImages(select(database, wholeRun(accountId, moment)), destination, signal),
      );
      rows.push([printable(accountId), `run ${run.runId}`, ...told(added)]);
    }
  }
  return rows;
}

/**
 * Where the dataset is.
 *
 * @throws Failure `USAGE` for options that a dataset cannot be written with.
 */
function datasetOutput(options: ExportOptions): string {
  const { partition, format = 'parquet', output, removed, columns, where } = options;
  const wanted = PARTITION_COLUMNS.join();
  if (partition?.replaceAll(' ', '') !== wanted) {
    throw new Failure('USAGE', `--partition ${partition ?? ''} is not possible`, {
      hint: `It must be ${wanted}: a folder for each account, and in it one for each run.`,
    });
  }
  if (format !== 'parquet') {
    throw new Failure('USAGE', `--partition writes Parquet, and the format is ${format}`, {
      hint: 'Say --format parquet, or leave --partition out.',
    });
  }
  // Whoever reads a dataset takes each run for the whole account.
  const narrowing = Object.entries({ removed, columns, where }).find(([, value]) => value);
  if (narrowing !== undefined) {
    throw new Failure('USAGE', `--${narrowing[0]} cannot be combined with --partition`, {
      hint: 'A dataset holds whole runs, which only so can be told from one another: choose in the query instead.',
    });
  }
  if (output === undefined || output === '' || output === '-') {
    throw new Failure('USAGE', '--partition needs a place to write to', {
      hint: 'Name a folder or s3://BUCKET/PREFIX with --output.',
    });
  }
  return output;
}

function wholeRun(accountId: string, moment: Moment): SelectionOptions {
  const everything = { isRemoved: false, columns: COLUMNS, where: undefined };
  return { accountIds: [accountId], moment, ...everything };
}

async function writeImages(
  { accounts, ...table }: Selection,
  destination: Destination,
  signal: AbortSignal,
): Promise<WrittenFile> {
  let inexact = 0;
  const encode = parquetEncoder({
    metadata: parquetMetadata(accounts, { isRemoved: false, columns: undefined, where: undefined }),
    createdBy: `image-inventory version ${VERSION}`,
    onInexactTimes: (cells) => (inexact = cells),
  });
  const sha256 = createHash('sha256');
  let bytes = 0;
  const measured = function* (): Generator<Uint8Array> {
    for (const piece of encode(table)) {
      sha256.update(piece);
      bytes += piece.length;
      yield piece;
    }
  };
  await writeExport(measured(), [], destination, signal);
  if (inexact > 0) stderr.write(`image-inventory: ${inexactTimes(inexact)}\n`);
  return { images: accounts[0]?.images ?? 0, bytes, sha256: sha256.digest('hex') };
}

function told({ outcome, entry, path }: AddedRun): string[] {
  const what = {
    added: formatCount(entry.bytes, 'byte'),
    same: `as run ${entry.same_as ?? entry.run}`,
    present: 'there already',
  };
  return [formatCount(entry.images, 'image'), what[outcome], printable(path)];
}

function toText(store: ObjectStore, rows: readonly string[][]): string {
  const table = formatTable(rows, ['left', 'right', 'right', 'right']);
  return `${printable(store.name)}\n${table}`.trimEnd();
}
