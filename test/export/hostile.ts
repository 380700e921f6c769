import fc from 'fast-check';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import {
  IMAGE_COLUMNS,
  NULLS,
  type Column,
  type Row,
  type Table,
} from '../../src/inventory/table.ts';
import { spell, spellings, trees } from '../inventory/json-spellings.ts';

/** Text that some format, terminal, shell or spreadsheet takes for more than text. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  'null',
  '"',
  'a,"b"',
  "'",
  '\r\n',
  'a\rb\nc',
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '\uff1d1',
  '\uff0b1',
  '\uff0d1',
  '\uff201',
  '\u0000',
  '\u001b[2J\u001b]0;x\u0007',
  '\u009b31m',
  '\u2028\u2029',
  '\u202egnp.exe',
  '\ufeff',
  '\u007f',
  '\\u001b',
  '\\',
  '𝒳👩‍👩‍👧',
  '../../etc/passwd',
  'x'.repeat(3000),
];

export const hostileText = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
);

const text = hostileText.map((value) => JSON.stringify(value));
/** Any JSON value, in any spelling, with numbers that no JavaScript number holds. */
const json = fc.tuple(trees, spellings).map(([tree, choose]) => spell(tree, choose()));
const value = fc.oneof(text, text, json, fc.constantFrom('null', '7', '9007199254740993', '1.50'));
const times = fc.constantFrom(
  '"2026-01-31T16:00:00.123Z"',
  '"2026-01-31T16:00:00Z"',
  '"2026-01-31T18:00:00.1234567+02:00"',
  '"2026-02-31T16:00:00Z"',
);

/** An image as the API might send it, decoded: every field may be absent, `null`, hostile, or of a wrong type. */
export const hostileImages: fc.Arbitrary<Image> = fc
  .tuple(
    hostileText.filter((id) => id !== ''),
    fc.record(
      {
        filename: value,
        creator: value,
        meta: fc.oneof(value, fc.constantFrom('{"a":9007199254740993,"b":1.0}')),
        requireSignedURLs: fc.constantFrom('true', 'false', 'null', '"yes"'),
        uploaded: fc.oneof(times, value),
        variants: fc.oneof(
          value,
          fc.constant('[]'),
          fc.array(value).map((list) => `[${list.join(',')}]`),
        ),
        draft: value,
      },
      { requiredKeys: [] },
    ),
  )
  .map(([id, members]) => {
    const fields = Object.entries(members).map(([key, json]) => `${JSON.stringify(key)}:${json}`);
    return decodeImage(parseJson(`{${[`"id":${JSON.stringify(id)}`, ...fields].join(',')}}`));
  });

/** An image as a row of {@link COLUMNS}. */
export function toRow(image: Image): Row {
  const { id, filename, creator, meta, requireSignedUrls, uploaded, variants, extra } = image;
  const flag = requireSignedUrls === null ? null : Number(requireSignedUrls);
  const fields = [filename, creator, meta, flag, uploaded, variants, extra];
  return ['acc', id, ...fields, 1, 2, image.nullFields];
}

export const COLUMNS: readonly Column[] = [...IMAGE_COLUMNS, NULLS];

export const tableOf = (images: readonly Image[]): Table => ({
  columns: COLUMNS,
  rows: images.map(toRow),
});

/** An encoder's pieces as one file. */
export const whole = (pieces: Iterable<Uint8Array>): Buffer => Buffer.concat([...pieces]);
