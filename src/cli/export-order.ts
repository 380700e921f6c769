import { stdout } from 'node:process';
import type { Compression } from '../export/compression.ts';
import type { Format } from '../export/encoding.ts';
import { formatOf } from '../export/format-of.ts';
import { Failure } from '../inventory/failure.ts';

/** The options of `export`, as they were given. */
export interface ExportOptions {
  readonly format?: Format;
  readonly output?: string;
  readonly asOf?: string;
  readonly removed?: boolean;
  readonly columns?: string;
  readonly where?: string;
  readonly safe?: boolean;
  readonly partition?: string;
}

/** In what form, and where to, an export goes. */
export interface ExportOrder {
  readonly format: Format;
  readonly compression: Compression | undefined;
  /** A file; `undefined` for standard output. */
  readonly file: string | undefined;
  readonly isSafe: boolean;
}

const STDOUT: readonly (string | undefined)[] = [
  undefined,
  '-',
  '/dev/stdout',
  '/dev/fd/1',
  '/proc/self/fd/1',
];

/**
 * Decides what the options leave open.
 *
 * @throws Failure `USAGE` if they contradict each other.
 */
export function exportOrder({ format: asked, output, safe }: ExportOptions): ExportOrder {
  const file = STDOUT.includes(output) ? undefined : output;
  if (file === '') throw new Failure('USAGE', 'the name of the output is empty');
  const named = formatOf(file ?? '');
  if (asked === undefined) refuseOtherFormats(file);
  const format = asked ?? named.format ?? 'csv';
  if (safe === true && format !== 'csv') {
    throw new Failure('USAGE', `--safe is for CSV, and the format is ${format}`, {
      hint: 'Spreadsheets run formulas of CSV files only: leave --safe out.',
    });
  }
  if (format === 'parquet') refuseParquet(file, named.compression);
  // What spreadsheets open by a double click.
  const isForSpreadsheets = named.format === 'csv' && named.compression === undefined;
  return {
    format,
    compression: named.compression,
    file,
    isSafe: format === 'csv' && (safe ?? isForSpreadsheets),
  };
}

/** Names that promise what would not be in the file. */
const OTHER_FORMATS = /\.(json|tsv|xlsx?)$/i;

function refuseOtherFormats(file: string | undefined): void {
  if (file === undefined || !OTHER_FORMATS.test(file)) return;
  throw new Failure('USAGE', `no format is written by the name of ${file}`, {
    hint: 'Name a file that ends with .csv, .jsonl or .parquet, or say which with --format.',
  });
}

function refuseParquet(file: string | undefined, compression: Compression | undefined): void {
  if (compression !== undefined) {
    throw new Failure(
      'USAGE',
      `a Parquet file is compressed inside, and ${compression} around it makes it unreadable`,
      {
        hint: 'Name a file that ends with .parquet.',
      },
    );
  }
  if (file === undefined && stdout.isTTY) {
    throw new Failure('USAGE', 'Parquet is no text, and the output is a terminal', {
      hint: 'Name a file with --output, or send the output into one.',
    });
  }
}
