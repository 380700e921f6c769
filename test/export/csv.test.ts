import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvEncoder } from '../../src/export/csv.ts';
import type { Row, Table } from '../../src/inventory/table.ts';
import { COLUMNS, hostileImages, HOSTILE_TEXTS, tableOf, toRow, whole } from './hostile.ts';

const asIs = csvEncoder({ isSafe: false, onAltered: (cells) => expect(cells).toBe(0) });

/** Encodes so that no spreadsheet runs a cell. @returns The text, and how many cells were told as altered. */
function encodeSafely(table: Table): { text: string; altered: number[] } {
  const altered: number[] = [];
  const encode = csvEncoder({ isSafe: true, onAltered: (cells) => altered.push(cells) });
  return { text: whole(encode(table)).toString(), altered };
}

/** What an independent reader makes of it. An absent value is `null`, an empty text is not. */
const read = (csv: string): (string | null)[][] =>
  parse(csv, {
    record_delimiter: '\r\n',
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  });

const texts = (values: readonly string[]): Table => ({
  columns: [
    { name: 'text', kind: 'text' },
    { name: 'n', kind: 'integer' },
  ],
  rows: values.map((value): Row => [value, -1]),
});

describe('CSV', () => {
  test('is what RFC 4180 says, with NULL and the empty text apart', () => {
    const rows: Row[] = [
      ['acc', 'a,b', '', null, '{"a":1}', 1, null, '[]', null, 1, 2, '["creator"]'],
      ['acc', 'c', 'say "x"', 'two\nlines', null, null, null, null, null, 1, 2, null],
    ];
    expect(whole(asIs({ columns: COLUMNS, rows })).toString()).toBe(
      [
        'account_id,id,filename,creator,meta,require_signed_urls,uploaded,variants,extra,first_seen_run,changed_run',
        'acc,"a,b","",,"{""a"":1}",1,,[],,1,2',
        'acc,c,"say ""x""","two\nlines",,,,,,1,2',
        '',
      ].join('\r\n'),
    );
  });

  test('quotes whatever some reader takes for the end of a line or of a cell', () => {
    const quoted = ['a\rb', 'a\nb', 'a,b', 'a;b', 'a\tb'];
    const expected = quoted.map((text) => `"${text}",-1\r\n`).join('');
    expect(whole(asIs(texts(quoted))).toString()).toBe(`text,n\r\n${expected}`);
  });

  test('of one column has no empty lines, which readers skip', () => {
    const one: Table = {
      columns: [
        { name: 'creator', kind: 'text' },
        { name: 'null_fields', kind: 'nulls' },
      ],
      rows: [
        [null, null],
        ['', null],
        ['a', null],
      ],
    };
    expect(whole(asIs(one)).toString()).toBe('creator\r\n""\r\n""\r\na\r\n');
  });

  test('of nothing is the header', () => {
    expect(whole(asIs(texts([]))).toString()).toBe('text,n\r\n');
  });

  test('gives every cell back', () => {
    fc.assert(
      fc.property(fc.array(hostileImages), (images) => {
        const [header, ...rows] = read(whole(asIs(tableOf(images))).toString());
        expect(header).toEqual(COLUMNS.slice(0, -1).map(({ name }) => name));
        expect(rows).toEqual(
          images.map((image) =>
            toRow(image)
              .slice(0, -1)
              .map((cell) => (cell === null ? null : String(cell))),
          ),
        );
      }),
    );
  });
});

describe('safe CSV', () => {
  const FORMULAS = HOSTILE_TEXTS.filter((text) =>
    /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text),
  );

  test('puts an apostrophe before what a spreadsheet would run, and tells how often', () => {
    expect(FORMULAS.length).toBe(12);
    const { text, altered } = encodeSafely(texts(HOSTILE_TEXTS));
    expect(altered).toEqual([FORMULAS.length]);
    const cells = read(text).slice(1);
    expect(cells).toEqual(
      HOSTILE_TEXTS.map((value) => [
        FORMULAS.includes(value) ? `'${value.replace(/([\t\r\n])=/, "$1'=")}` : value,
        '-1',
      ]),
    );
  });

  test.for([
    [' =1', "' =1"],
    ['\u00a0\u3000@SUM(A1)', "'\u00a0\u3000@SUM(A1)"],
    ['a;=1;b', "a;'=1;b"],
    ['a; -1;+2', "a;' -1;'+2"],
    ['a\n=1', "a\n'=1"],
    ['a\r\n\t=1', "a\r\n\t'=1"],
    ['{"a":"b;=1"}', `{"a":"b;'=1"}`],
    ['a - b', 'a - b'],
    ['a;b=1', 'a;b=1'],
  ])(
    'leaves no cell that begins with a formula, wherever a spreadsheet divides: %j',
    ([value, safe]) => {
      const { text, altered } = encodeSafely(texts([value ?? '']));
      expect(read(text)[1]).toEqual([safe, '-1']);
      expect(altered).toEqual([value === safe ? 0 : 1]);
    },
  );

  test('leaves numbers alone, and alters headers as well', () => {
    const { text, altered } = encodeSafely({
      columns: [{ name: '=a', kind: 'integer' }],
      rows: [[-5]],
    });
    expect(text).toBe("'=a\r\n-5\r\n");
    expect(altered).toEqual([1]);
  });
});
