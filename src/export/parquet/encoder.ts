import { zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Table } from '../../inventory/table.ts';
import type { Encode } from '../encoding.ts';
import { detachBounds } from './bounds.ts';
import { parquetColumn } from './column.ts';
import { withTypedGroups } from './footer.ts';
import { schemaOf } from './schema.ts';

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
const GROUP_TEXT = 16 * 1024 * 1024;

/** A group takes a second or two. In a pause signals are heard, every so many rows. */
const ROWS_A_PAUSE = 4096;
const PAUSE = new Uint8Array();

/**
 * Parquet in row groups, each of them one piece. Pages are compressed with Zstandard, and columns with few values are
 * written as a dictionary. Columns of kind `nulls` are left out.
 */
export function parquetEncoder({ metadata, createdBy, onInexactTimes }: ParquetOptions): Encode {
  return function* encode({ columns, rows }: Table) {
    let inexact = 0;
    const onInexact = (): void => void (inexact += 1);
    const written = columns.flatMap(({ name, kind }, index) =>
      kind === 'nulls' ? [] : [{ name, kind, index, column: parquetColumn(kind, onInexact) }],
    );
    const pairs = Object.entries(metadata).map(([key, value]) => ({ key, value }));
    const bytes = new ByteWriter();
    const file = new ParquetWriter({
      writer: bytes,
      schema: schemaOf(written),
      codec: 'ZSTD',
      compressors: { ZSTD: (page) => zstdCompressSync(page) },
      ...(pairs.length > 0 && { kvMetadata: pairs }),
      createdBy,
    });
    const group = written.map(({ name, kind, column }) => ({
      name,
      get data() {
        return column.values();
      },
      // A list's least and greatest element help no query.
      statistics: kind !== 'json-list',
    }));
    const endGroup = (): Uint8Array => {
      void file.write({ columnData: group, rowGroupSize: GROUP_ROWS });
      detachBounds(file.row_groups.at(-1));
      for (const { column } of written) column.clear();
      return taken(bytes);
    };

    let count = 0;
    let text = 0;
    for (const row of rows) {
      for (const { index, column } of written) {
        const cell = row[index] ?? null;
        column.push(cell);
        if (typeof cell === 'string') text += cell.length;
      }
      count += 1;
      if (count >= GROUP_ROWS || text >= GROUP_TEXT) {
        yield endGroup();
        count = 0;
        text = 0;
      } else if (count % ROWS_A_PAUSE === 0) {
        yield PAUSE;
      }
    }
    if (count > 0) yield endGroup();
    void file.finish();
    yield file.num_rows === 0n ? withTypedGroups(taken(bytes)) : taken(bytes);
    onInexactTimes(inexact);
  };
}

/** What has been written since the last time. The writer goes on in the same memory. */
function taken(bytes: ByteWriter): Uint8Array {
  const piece = bytes.getBytes().slice();
  bytes.index = 0;
  return piece;
}
