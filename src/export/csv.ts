import { stringify, type Options } from 'csv-stringify/sync';
import type { Cell, Row, Table } from '../inventory/table.ts';
import type { Encode } from './encoding.ts';
import { withoutFormulas } from './formula.ts';

export interface CsvOptions {
  /** Takes from every text the power to run as a formula in a spreadsheet, by a `'` before it. */
  readonly isSafe: boolean;
  /** Told once, behind the last row: how many cells were altered so. */
  readonly onAltered: (cells: number) => void;
}

/** How much text is turned into lines at once, in UTF-16 code units. */
const ENOUGH = 64 * 1024;

/**
 * CSV as RFC 4180 has it: a header, CRLF behind every line, quotes where they are needed. As in PostgreSQL's COPY, an
 * absent value is an empty cell, and an empty text is `""`; but of one column both are `""`, since an empty line is no row to
 * many readers. Columns of kind `nulls` are left out.
 */
export function csvEncoder({ isSafe, onAltered }: CsvOptions): Encode {
  return function* encode({ columns, rows }: Table) {
    let altered = 0;
    const neutral = (text: string): string => {
      const safe = isSafe ? withoutFormulas(text) : text;
      if (safe !== text) altered += 1;
      return safe;
    };
    const options: Options = {
      record_delimiter: '\r\n',
      // Whatever some reader takes for the end of a line, or of a cell.
      quoted_match: /[\r\n;\t]/,
      cast: {
        string: (text) => (text === '' ? { value: text, quoted_empty: true } : neutral(text)),
      },
    };
    const written = columns.flatMap(({ kind }, index) => (kind === 'nulls' ? [] : [index]));
    const header = columns.map(({ name }) => name);
    for (const batch of batches(header, rows, written))
      yield Buffer.from(stringify(batch, options));
    onAltered(altered);
  };
}

/** The header and the rows, as much of them at once as is worth a write. @param written - The places of the cells that are written. */
function* batches(
  header: Row,
  rows: Iterable<Row>,
  written: readonly number[],
): Generator<Cell[][]> {
  const absent = written.length === 1 ? '' : null;
  const cellsOf = (row: Row): Cell[] => written.map((index) => row[index] ?? absent);
  let batch = [cellsOf(header)];
  let text = 0;
  for (const row of rows) {
    batch.push(cellsOf(row));
    for (const cell of row) text += typeof cell === 'string' ? cell.length : 1;
    if (text < ENOUGH) continue;
    yield batch;
    batch = [];
    text = 0;
  }
  if (batch.length > 0) yield batch;
}
