import { zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column, Row, Table } from '../inventory/table.ts';
import type { Encode } from './encoding.ts';
import { parquetValues, type Values } from './parquet-values.ts';
import { schemaOf } from './parquet-schema.ts';

export interface ParquetOptions {
  /** Put into the file beside the schema, as text. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What wrote the file, as `name version 1.2.3`. */
  readonly createdBy: string;
  /** Told once, behind the last row: how many times are absent or cut off because a timestamp cannot hold their text. */
  readonly onInexactTimes: (cells: number) => void;
}

/** Rows of a row group: engines read groups side by side, and skip whole ones. A multiple of DuckDB's vectors of 2048. */
const GROUP_ROWS = 122_880;
/** Text in a row group, in UTF-16 code units: one group is held in memory. */
const GROUP_TEXT = 48 * 1024 * 1024;

/**
 * Parquet in row groups, each of them one piece. Pages are compressed with Zstandard, and columns with few values are
 * written as a dictionary. Columns of kind `nulls` are left out.
 */
export function parquetEncoder({ metadata, createdBy, onInexactTimes }: ParquetOptions): Encode {
  return function* encode({ columns, rows }: Table) {
    const written = columns.flatMap((column, index) =>
      column.kind === 'nulls' ? [] : [{ ...column, index }],
    );
    const bytes = new ByteWriter();
    const file = new ParquetWriter({
      writer: bytes,
      schema: schemaOf(written),
      codec: 'ZSTD',
      compressors: { ZSTD: (page) => zstdCompressSync(page) },
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      createdBy,
    });
    let inexact = 0;
    const onInexact = (): void => {
      inexact += 1;
    };
    for (const group of groups(written, rows, onInexact)) {
      void file.write({ columnData: group, rowGroupSize: GROUP_ROWS });
      yield taken(bytes);
    }
    void file.finish();
    yield taken(bytes);
    onInexactTimes(inexact);
  };
}

interface NamedValues {
  readonly name: string;
  readonly data: unknown[];
}

/** Rows as columns, as many at a time as one row group holds. */
function* groups(
  columns: readonly (Column & { readonly index: number })[],
  rows: Iterable<Row>,
  onInexact: () => void,
): Generator<NamedValues[]> {
  const begin = (): Values[] => columns.map(({ kind }) => parquetValues(kind, onInexact));
  const named = (group: readonly Values[]): NamedValues[] =>
    columns.map(({ name }, place) => ({ name, data: group[place]?.data ?? [] }));
  let group = begin();
  let count = 0;
  let text = 0;
  for (const row of rows) {
    for (const [place, { index }] of columns.entries()) {
      const cell = row[index] ?? null;
      group[place]?.push(cell);
      if (typeof cell === 'string') text += cell.length;
    }
    count += 1;
    if (count < GROUP_ROWS && text < GROUP_TEXT) continue;
    yield named(group);
    group = begin();
    count = 0;
    text = 0;
  }
  if (count > 0) yield named(group);
}

/** What has been written since the last time. The writer goes on in the same memory. */
function taken(bytes: ByteWriter): Uint8Array {
  const piece = bytes.getBytes().slice();
  bytes.index = 0;
  return piece;
}
