import { printable } from '../inventory/printable.ts';
import type { Cell, Column, ColumnKind, Row, Table } from '../inventory/table.ts';
import { chunks } from './chunks.ts';

/**
 * JSON Lines: one object a row, its keys the columns' names in their order, from which a row can be made again. A value
 * that is absent has no key; one that the API sent as `null` is `null`. JSON is put in as its text, so that no
 * number is rounded. What a terminal would obey stands in strings as `\u001b`, which any reader of JSON undoes.
 */
export function encodeJsonl({ columns, rows }: Table): Iterable<Uint8Array> {
  return chunks(lines(columns, rows));
}

/** A column as it is written into each line. */
interface Member {
  readonly index: number;
  readonly name: string;
  /** The member's beginning, up to its value. */
  readonly key: string;
  readonly toJson: (value: string | number) => string;
}

function* lines(columns: readonly Column[], rows: Iterable<Row>): Generator<string> {
  const nulls = columns.findIndex(({ kind }) => kind === 'nulls');
  const members = columns.flatMap(({ name, kind }, index): Member[] =>
    kind === 'nulls'
      ? []
      : [{ index, name, key: `${JSON.stringify(name)}:`, toJson: WRITERS[kind] }],
  );
  for (const row of rows) {
    const sentNull = nulls === -1 ? NONE : namesIn(row[nulls]);
    let line = '';
    for (const { index, name, key, toJson } of members) {
      const value = row[index] ?? null;
      if (value === null && !sentNull.includes(name)) continue;
      line += (line === '' ? '{' : ',') + key + (value === null ? 'null' : toJson(value));
    }
    yield `${onOneLine(line === '' ? '{' : line)}}\n`;
  }
}

const asText = (value: string | number): string => JSON.stringify(value);
const asIs = (value: string | number): string => String(value);

const WRITERS: Readonly<Record<Exclude<ColumnKind, 'nulls'>, Member['toJson']>> = {
  text: asText,
  time: asText,
  integer: asIs,
  boolean: (value) => (value === 1 ? 'true' : 'false'),
  json: asIs,
  'json-list': asIs,
};

const NONE: readonly string[] = [];

function namesIn(nulls: Cell | undefined): readonly string[] {
  return typeof nulls === 'string' ? (JSON.parse(nulls) as string[]) : NONE;
}

/** Within strings of JSON controls are escaped already, so that a line break can only be space between its parts. */
function onOneLine(json: string): string {
  return printable(json.replace(/[\t\n\r]/g, ' '));
}
