import { statSync } from 'node:fs';
import { stderr, stdout } from 'node:process';
import type { Transform } from 'node:stream';
import { systemClock } from '../app/system-clock.ts';
import { VERSION } from '../app/version.ts';
import { loadConfig, type Config, type Flags } from '../config/load.ts';
import { compress } from '../export/compression.ts';
import { csvEncoder } from '../export/csv.ts';
import type { Encode } from '../export/encoding.ts';
import { encodeJsonl } from '../export/jsonl.ts';
import { parquetMetadata } from '../export/parquet/metadata.ts';
import { parquetEncoder } from '../export/parquet/encoder.ts';
import { writeExport } from '../export/write.ts';
import { Failure } from '../inventory/failure.ts';
import { printable } from '../inventory/printable.ts';
import { formatCount } from '../inventory/quantity.ts';
import { openSnapshot } from '../store/database.ts';
import { explainReading } from '../store/errors.ts';
import { isOwnFile } from '../store/own-files.ts';
import { select, type Selection, type SelectionOptions } from '../store/selection.ts';
import { EXIT } from './exit-codes.ts';
import { openDestination } from './export-destination.ts';
import { inexactTimes } from './export-notes.ts';
import { watchRows } from './export-progress.ts';
import { exportOrder, type ExportOptions, type ExportOrder } from './export-order.ts';
import { takeMoment } from './moment.ts';
import { printableText } from './printable-text.ts';
import { stopOnSignals } from './signals.ts';
import { printResult } from './streams.ts';
import { formatTable } from './table.ts';

/** `export`: the inventory as it is, or as it was, in a form that other tools read. */
export async function exportCommand(flags: Flags, options: ExportOptions): Promise<number> {
  if (options.partition !== undefined) {
    const { exportDataset } = await import('./export-dataset.ts');
    return exportDataset(flags, options);
  }
  const order = exportOrder(options);
  const config = loadConfig(flags);
  const chosen: SelectionOptions = {
    accountIds: config.accountIds.length > 0 ? config.accountIds : undefined,
    moment: takeMoment(options.asOf ?? 'latest', systemClock.now()),
    isRemoved: options.removed === true,
    columns: options.columns?.split(',').map((name) => name.trim()),
    where: options.where,
  };
  const { database: path } = config.settings;
  const stop = stopOnSignals();
  const database = openSnapshot(path);
  try {
    if (order.file !== undefined) refuseOwnFile(order.file, path);
    const selection = select(database, chosen);
    await write(selection, chosen, order, config, stop.signal);
    return EXIT.done;
  } catch (error) {
    // Whoever stopped it knows it.
    const exitCode = stop.exitCode();
    if (exitCode === undefined) throw explainReading(error, path);
    return exitCode;
  } finally {
    database.close();
  }
}

function refuseOwnFile(file: string, database: string): void {
  if (!isOwnFile(file, database)) return;
  throw new Failure(
    'USAGE',
    `the output ${file} is the database itself, or a file that belongs to it`,
    {
      hint: 'Name another file.',
    },
  );
}

async function write(
  selection: Selection,
  asked: SelectionOptions,
  order: ExportOrder,
  config: Config,
  signal: AbortSignal,
): Promise<void> {
  const { file, compression } = order;
  const isShown = file === undefined && stdout.isTTY;
  const notes: string[] = [];
  const encode = encoder(selection, asked, order, (note) => notes.push(note));
  const transforms: Transform[] = [];
  if (compression !== undefined) transforms.push(compress(compression));
  if (isShown) transforms.push(printableText());
  const watched = watchRows(selection.rows, stderr.isTTY && !isShown);

  const destination = await openDestination(file, config, signal);
  const pieces = encode({ columns: selection.columns, rows: watched.rows });
  await writeExport(pieces, transforms, destination, signal).finally(watched.clear);
  for (const note of notes) stderr.write(`image-inventory: ${note}\n`);
  if (file !== undefined) printResult(toText(destination.name, watched.count(), selection));
}

/** @param note - Told of what an export cannot hold as it is. */
function encoder(
  { accounts }: Selection,
  asked: SelectionOptions,
  { format, isSafe }: ExportOrder,
  note: (text: string) => void,
): Encode {
  switch (format) {
    case 'csv':
      return csvEncoder({
        isSafe,
        onAltered: (cells) => {
          if (cells > 0)
            note(
              `${formatCount(cells, 'cell')} have a "'" before a formula now, so that no spreadsheet runs them (--no-safe leaves them as they are)`,
            );
        },
      });
    case 'jsonl':
      return encodeJsonl;
    case 'parquet':
      return parquetEncoder({
        metadata: parquetMetadata(accounts, asked),
        createdBy: `image-inventory version ${VERSION}`,
        onInexactTimes: (cells) => {
          if (cells > 0) note(inexactTimes(cells));
        },
      });
  }
}

function toText(name: string, exported: number, { accounts }: Selection): string {
  const stats = statSync(name, { throwIfNoEntry: false });
  const size = stats?.isFile() === true ? [formatCount(stats.size, 'byte')] : [];
  const title = [printable(name), ...size, formatCount(exported, 'image')].join('  ');
  const rows = accounts.map(({ accountId, images, runId, finishedAt }) => [
    printable(accountId),
    formatCount(images, 'image'),
    `run ${runId}`,
    finishedAt,
  ]);
  return `${title}\n${formatTable(rows, ['left', 'right'])}`.trimEnd();
}
