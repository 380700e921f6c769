import { parseJson } from '../../inventory/json-text.ts';
import type { Cell, ColumnKind } from '../../inventory/table.ts';
import { PackedTexts } from './packed-texts.ts';
import { parseTimestamp } from './timestamp.ts';

/** One column of a row group, as its Parquet type wants it. */
export interface ParquetColumn {
  push(cell: Cell): void;
  /** One value for each cell. It is made when it is asked for: one column of a group at a time is large. */
  values(): unknown[];
  /** Makes the column ready for the next group. */
  clear(): void;
}

/** @param onInexact - Told of each time that a timestamp cannot hold as it is. */
export function parquetColumn(kind: ColumnKind, onInexact: () => void): ParquetColumn {
  switch (kind) {
    case 'text':
    case 'json':
    case 'nulls':
      return textColumn();
    case 'integer':
      return valueColumn(BigInt);
    case 'boolean':
      return valueColumn((cell) => cell === 1);
    case 'time':
      return valueColumn((cell) => {
        const time = parseTimestamp(String(cell));
        if (time?.isExact !== true) onInexact();
        return time?.microseconds ?? null;
      });
    case 'json-list':
      return listColumn();
  }
}

function valueColumn(convert: (cell: string | number) => unknown): ParquetColumn {
  let values: unknown[] = [];
  return {
    push: (cell) => values.push(cell === null ? null : convert(cell)),
    values: () => values,
    clear: () => (values = []),
  };
}

function textColumn(): ParquetColumn {
  const texts = new PackedTexts();
  return {
    push: (cell) => texts.push(cell === null ? null : String(cell)),
    values: () => texts.toArray(),
    clear: () => texts.clear(),
  };
}

function listColumn(): ParquetColumn {
  const texts = new PackedTexts();
  let lengths: (number | null)[] = [];
  return {
    push: (cell) => {
      const elements = cell === null ? null : toStrings(String(cell));
      for (const element of elements ?? []) texts.push(element);
      lengths.push(elements?.length ?? null);
    },
    values: () => {
      const elements = texts.toArray();
      let start = 0;
      return lengths.map((length) =>
        length === null ? null : elements.slice(start, (start += length)),
      );
    },
    clear: () => {
      texts.clear();
      lengths = [];
    },
  };
}

/** The list's elements: strings as they are, others as their JSON. What is no list is one of one element, and `null` is none. */
function toStrings(json: string): string[] | null {
  const value: unknown = JSON.parse(json);
  if (value === null) return null;
  if (Array.isArray(value) && value.every(isString)) return value;
  // A second time, so that no number is rounded.
  const exact = parseJson(json);
  const list: readonly unknown[] = Array.isArray(exact) ? exact : [exact];
  return list.map((element) => (isString(element) ? element : JSON.stringify(element)));
}

const isString = (value: unknown): value is string => typeof value === 'string';
