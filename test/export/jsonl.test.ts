import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeJsonl } from '../../src/export/jsonl.ts';
import { FIELDS, type Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { printable } from '../../src/inventory/printable.ts';
import type { Row } from '../../src/inventory/table.ts';
import { COLUMNS, hostileImages, HOSTILE_TEXTS, tableOf, whole } from './hostile.ts';

const encode = (rows: readonly Row[]): string =>
  whole(encodeJsonl({ columns: COLUMNS, rows })).toString();

/** An image as somebody would make it again from the documentation of the format. */
function rebuild(line: string): Image {
  const members = parseJson(line) as Record<string, unknown>;
  const text = (key: string): string | null =>
    typeof members[key] === 'string' ? members[key] : null;
  const json = (key: string): string | null =>
    key in members ? JSON.stringify(members[key]) : null;
  const flag = members['require_signed_urls'];
  const nulls = FIELDS.map(({ column }) => column).filter((column) => members[column] === null);
  return {
    id: String(members['id']),
    filename: text('filename'),
    creator: text('creator'),
    meta: json('meta'),
    requireSignedUrls: typeof flag === 'boolean' ? flag : null,
    uploaded: text('uploaded'),
    variants: json('variants'),
    extra: json('extra'),
    nullFields: nulls.length === 0 ? null : JSON.stringify(nulls.sort()),
  };
}

describe('JSON Lines', () => {
  test('have the names of the columns in their order, and leave out what is absent', () => {
    const rows: Row[] = [
      [
        'acc',
        'a',
        'x',
        null,
        '{"n":9007199254740993}',
        1,
        null,
        '["u"]',
        null,
        1,
        2,
        '["creator"]',
      ],
      ['acc', 'b', null, null, 'null', 0, 't', null, '{}', 1, 2, '["meta"]'],
    ];
    expect(encode(rows)).toBe(
      [
        '{"account_id":"acc","id":"a","filename":"x","creator":null,"meta":{"n":9007199254740993},"require_signed_urls":true,"variants":["u"],"first_seen_run":1,"changed_run":2}',
        '{"account_id":"acc","id":"b","meta":null,"require_signed_urls":false,"uploaded":"t","extra":{},"first_seen_run":1,"changed_run":2}',
        '',
      ].join('\n'),
    );
  });

  test('stay on their lines whatever space their JSON has', () => {
    const meta = '{\r\n\t"a": "b\\n\\\\u2028"\n}';
    const line = encode([['acc', 'a', null, null, meta, null, null, null, null, 1, 2, null]]);
    expect(line.split('\n')).toHaveLength(2);
    expect((JSON.parse(line) as { meta: unknown }).meta).toEqual(JSON.parse(meta));
  });

  test('hold nothing that a terminal obeys', () => {
    const rows = HOSTILE_TEXTS.map((text): Row => [
      'acc',
      text,
      text,
      text,
      JSON.stringify({ [text]: text }),
      1,
      text,
      '[]',
      null,
      1,
      2,
      null,
    ]);
    const lines = encode(rows).split('\n').slice(0, -1);
    expect(lines.map(printable)).toEqual(lines);
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(HOSTILE_TEXTS);
  });

  test('of nothing are nothing; a row without values is an empty object', () => {
    expect(encode([])).toBe('');
    const columns = [{ name: 'creator', kind: 'text' }] as const;
    expect(whole(encodeJsonl({ columns, rows: [[null], ['x']] })).toString()).toBe(
      '{}\n{"creator":"x"}\n',
    );
  });

  test('give every image back', () => {
    fc.assert(
      fc.property(fc.array(hostileImages), (images) => {
        const lines = whole(encodeJsonl(tableOf(images)))
          .toString()
          .split('\n');
        expect(lines.pop()).toBe('');
        expect(lines.map(rebuild)).toEqual(images);
      }),
    );
  });
});
