import type { Cell, ColumnKind } from '../inventory/table.ts';
import { parseTimestamp } from './timestamp.ts';

/** The values of one column of a row group, as its Parquet type wants them. */
export interface Values {
  readonly data: unknown[];
  push(cell: Cell): void;
}

/** @param onInexact - Told of each time that a timestamp cannot hold as it is. */
export function parquetValues(kind: ColumnKind, onInexact: () => void): Values {
  const data: unknown[] = [];
  const convert = converter(kind, onInexact);
  return { data, push: (cell) => data.push(cell === null ? null : convert(cell)) };
}

type Convert = (cell: string | number) => unknown;

function converter(kind: ColumnKind, onInexact: () => void): Convert {
  switch (kind) {
    case 'text':
    case 'json':
    case 'nulls':
      return (cell) => cell;
    case 'integer':
      return (cell) => BigInt(cell);
    case 'boolean':
      return (cell) => cell === 1;
    case 'time':
      return (cell) => {
        const time = parseTimestamp(String(cell));
        if (time?.isExact !== true) onInexact();
        return time?.microseconds ?? null;
      };
    case 'json-list':
      return (cell) => toStrings(String(cell));
  }
}

/** The list's elements: strings as they are, others as their JSON. What is no list is one of one element. */
function toStrings(json: string): string[] {
  const value: unknown = JSON.parse(json);
  const list = Array.isArray(value) ? value : [value];
  return list.map((element) => (typeof element === 'string' ? element : JSON.stringify(element)));
}
