import { tableFromIPC, type Table as ArrowTable } from 'apache-arrow';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { readParquet } from 'parquet-wasm';
import { describe, expect, test } from 'vitest';
import { parquetEncoder } from '../../src/export/parquet/encoder.ts';
import { parseTimestamp } from '../../src/export/parquet/timestamp.ts';
import type { Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { IMAGE_COLUMNS, REMOVAL_COLUMNS, type Row, type Table } from '../../src/inventory/table.ts';
import { COLUMNS, hostileImages, tableOf, toRow } from './hostile.ts';

interface Encoded {
  readonly pieces: readonly Uint8Array[];
  /** What was told of times that are not kept as they are. */
  readonly inexact: readonly number[];
}

function encode(table: Table, metadata: Readonly<Record<string, string>> = {}): Encoded {
  const inexact: number[] = [];
  const encoder = parquetEncoder({
    metadata,
    createdBy: 'image-inventory version 1.2.3',
    onInexactTimes: (cells) => inexact.push(cells),
  });
  return { pieces: [...encoder(table)], inexact };
}

/** What another implementation, in another language, reads. */
function read({ pieces }: Encoded): ArrowTable {
  return tableFromIPC(readParquet(Buffer.concat(pieces)).intoIPCStream());
}

/** A column's values. Timestamps are microseconds, as they stand in the file. */
function values(table: ArrowTable, name: string): unknown[] {
  const column = table.getChild(name);
  if (name === 'uploaded' || name === 'removed_at') {
    return (column?.data ?? []).flatMap((data) =>
      Array.from({ length: data.length }, (_, index) =>
        data.getValid(index) ? (data.values as BigInt64Array)[index] : null,
      ),
    );
  }
  const plain = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? [...(value as Iterable<unknown>)] : value;
  return [...(column ?? [])].map(plain);
}

/** Text as Arrow's JavaScript decodes it: a byte order mark at its beginning is lost on the way, not in the file. */
const asRead = (cell: unknown): unknown =>
  typeof cell === 'string' ? cell.replace(/^\ufeff/, '') : cell;

const types = (table: ArrowTable): string[] =>
  table.schema.fields.map(
    ({ name, type, nullable }) => `${name}: ${String(type)}${nullable ? '' : ' not null'}`,
  );

const TYPES = [
  'account_id: Utf8 not null',
  'id: Utf8 not null',
  'filename: Utf8',
  'creator: Utf8',
  'meta: Utf8',
  'require_signed_urls: Bool',
  'uploaded: Timestamp<MICROSECOND, UTC>',
  'variants: List<Utf8>',
  'extra: Utf8',
  'first_seen_run: Int64',
  'changed_run: Int64',
];

const PLAIN = ['account_id', 'id', 'filename', 'creator', 'meta', 'extra'] as const;

test('a row group is gathered with pauses, in which signals are heard', () => {
  let taken = 0;
  const rows = function* (): Generator<Row> {
    for (; taken < 20_000; taken += 1) yield ['x'];
  };
  const encoder = parquetEncoder({ metadata: {}, createdBy: 'x', onInexactTimes: () => undefined });
  let before = 0;
  for (const piece of encoder({ columns: [{ name: 'id', kind: 'text' }], rows: rows() })) {
    expect(taken - before).toBeLessThanOrEqual(4096);
    before = taken;
    expect(piece.length === 0).toBe(taken < 20_000);
  }
  expect(taken).toBe(20_000);
});

describe('Parquet', () => {
  test('has a type for each column, and is a file of no rows without any', () => {
    const table = read(encode({ columns: [...COLUMNS, ...REMOVAL_COLUMNS], rows: [] }));
    expect(table.numRows).toBe(0);
    expect(types(table)).toEqual([
      ...TYPES,
      'removed_run: Int64',
      'removed_at: Timestamp<MICROSECOND, UTC>',
    ]);
  });

  test('has room for text of more bytes than characters', () => {
    const columns = IMAGE_COLUMNS.filter(({ name }) => name === 'filename');
    const names = ['猫'.repeat(60_000), '犬'.repeat(100_000)];
    const table = read(encode({ columns, rows: names.map((name): Row => [name]) }));
    expect(values(table, 'filename')).toEqual(names);
  });

  test('says what it was written with', () => {
    const metadata = { 'image_inventory.accounts': '[{"run_id":7}]', where: "creator = 'ä\"'" };
    const table = read(encode(tableOf([]), metadata));
    expect(Object.fromEntries(table.schema.metadata)).toEqual(metadata);
  });

  test('tells an absent list, an empty one, and elements that are no text, apart', () => {
    const lists = [null, '[]', '["a",""]', '[null,1.0,9007199254740993,{"b":1}]', '"x"', 'null'];
    const { columns } = tableOf([]);
    const rows = lists.map((list): Row => [
      'acc',
      'a',
      null,
      null,
      null,
      null,
      null,
      list,
      null,
      1,
      2,
      null,
    ]);
    expect(values(read(encode({ columns, rows })), 'variants')).toEqual([
      null,
      [],
      ['a', ''],
      ['null', '1.0', '9007199254740993', '{"b":1}'],
      ['x'],
      null,
    ]);
  });

  test('tells how many times it cannot hold as they are', () => {
    const times = ['2026-01-31T16:00:00.123456Z', '2026-01-31T16:00:00.1234567Z', 'soon', null];
    const columns = IMAGE_COLUMNS.filter(({ name }) => name === 'uploaded');
    const encoded = encode({ columns, rows: times.map((time): Row => [time]) });
    expect(encoded.inexact).toEqual([2]);
    const microseconds = 1_769_875_200_123_456n;
    expect(values(read(encoded), 'uploaded')).toEqual([microseconds, microseconds, null, null]);
  });

  test('gives every image back', () => {
    const elements = (json: string | null): unknown => {
      const value = json === null ? null : parseJson(json);
      if (value === null) return null;
      return (Array.isArray(value) ? value : [value]).map((element: unknown) =>
        asRead(typeof element === 'string' ? element : JSON.stringify(element)),
      );
    };
    const micros = ({ uploaded }: Image): bigint | null =>
      uploaded === null ? null : (parseTimestamp(uploaded)?.microseconds ?? null);
    fc.assert(
      fc.property(fc.array(hostileImages), (images) => {
        const table = read(encode(tableOf(images)));
        const rows = images.map(toRow);
        for (const name of PLAIN) {
          const index = COLUMNS.findIndex((column) => column.name === name);
          expect(values(table, name)).toEqual(rows.map((row) => asRead(row[index])));
        }
        expect(values(table, 'require_signed_urls')).toEqual(
          images.map(({ requireSignedUrls }) => requireSignedUrls),
        );
        expect(values(table, 'variants')).toEqual(images.map(({ variants }) => elements(variants)));
        expect(values(table, 'uploaded')).toEqual(images.map(micros));
        expect(values(table, 'changed_run')).toEqual(images.map(() => 2n));
      }),
    );
  });

  test('has bounds for each group by which engines leave groups out', () => {
    const columns = IMAGE_COLUMNS.slice(0, 5);
    const meta = JSON.stringify('m'.repeat(1024 * 1024));
    const sizes = [16, 16, 8];
    const rows = sizes.flatMap((size, group) =>
      Array.from({ length: size }, (_, n): Row => {
        const id = `${'cab'.charAt(group)}${String(n).padStart(2, '0')}-${'x'.repeat(30)}`;
        return ['acc', id, null, null, meta];
      }),
    );
    const file = Buffer.concat(encode({ columns, rows }).pieces);
    const { buffer } = new Uint8Array(file);
    const bounds = parquetMetadata(buffer).row_groups.map(({ columns: chunks }) => {
      const { min_value: min, max_value: max } = chunks[1]?.meta_data?.statistics ?? {};
      return [min, max];
    });
    // Bounds are cut at 16 bytes; the upper one is then the next greater text.
    expect(bounds).toEqual([
      ['c00-xxxxxxxxxxxx', 'c15-xxxxxxxxxxxy'],
      ['a00-xxxxxxxxxxxx', 'a15-xxxxxxxxxxxy'],
      ['b00-xxxxxxxxxxxx', 'b07-xxxxxxxxxxxy'],
    ]);
  });

  test('of many rows, or large ones, is written group by group', () => {
    const columns = IMAGE_COLUMNS.slice(0, 5);
    const meta = JSON.stringify('m'.repeat(1024 * 1024));
    const large = function* (): Generator<Row> {
      for (let n = 0; n < 40; n += 1) yield ['acc', String(n), null, null, meta];
    };
    const small = function* (): Generator<Row> {
      for (let n = 0; n < 250_000; n += 1) yield ['acc', String(n), null, `c${n % 7}`, null];
    };
    // The last piece is what stands at the end of the file.
    const filled = ({ pieces }: Encoded) => pieces.filter(({ length }) => length > 0);
    expect(filled(encode({ columns, rows: large() }))).toHaveLength(3 + 1);
    const encoded = encode({ columns, rows: small() });
    expect(filled(encoded)).toHaveLength(3 + 1);
    const table = read(encoded);
    expect(values(table, 'id')).toEqual(Array.from({ length: 250_000 }, (_, n) => String(n)));
    expect(values(table, 'creator').slice(122_878, 122_882)).toEqual(['c0', 'c1', 'c2', 'c3']);
    // A few values are written once a group, and each row is a few bits.
    expect(Buffer.concat(encoded.pieces).length).toBeLessThan(1_500_000);
  });
});
