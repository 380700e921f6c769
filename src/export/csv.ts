import type { Cell, Row, Table } from '../inventory/table.ts';
import { chunks } from './chunks.ts';
import type { Encode } from './encoding.ts';
import { startsFormula } from './formula.ts';

export interface CsvOptions {
  /** Takes from every text the power to run as a formula in a spreadsheet, by a leading `'`. */
  readonly isSafe: boolean;
  /** Told once, behind the last row: how many cells were altered so. */
  readonly onAltered: (cells: number) => void;
}

/**
 * CSV as RFC 4180 has it: a header, CRLF behind every line, quotes where they are needed. As in PostgreSQL's COPY, an
 * absent value is an empty cell, and an empty text is `""`. Columns of kind `nulls` are left out.
 */
export function csvEncoder({ isSafe, onAltered }: CsvOptions): Encode {
  return function* encode({ columns, rows }: Table) {
    let altered = 0;
    const neutral = (text: string): string => {
      if (!startsFormula(text)) return text;
      altered += 1;
      return `'${text}`;
    };
    const written = columns.flatMap(({ kind }, index) => (kind === 'nulls' ? [] : [index]));
    const names = columns.map(({ name }) => name);
    yield* chunks(lines(names, rows, written, isSafe ? neutral : (text) => text));
    onAltered(altered);
  };
}

/** @param written - The places of the cells that are written. */
function* lines(
  names: readonly string[],
  rows: Iterable<Row>,
  written: readonly number[],
  neutral: (text: string) => string,
): Generator<string> {
  const toLine = (row: Row): string => {
    let line = '';
    let separator = '';
    for (const index of written) {
      line += separator + toCell(row[index] ?? null, neutral);
      separator = ',';
    }
    return `${line}\r\n`;
  };
  yield toLine(names);
  for (const row of rows) yield toLine(row);
}

const NEEDS_QUOTES = /[",\r\n]/;

function toCell(value: Cell, neutral: (text: string) => string): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  if (value === '') return '""';
  const text = neutral(value);
  return NEEDS_QUOTES.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
