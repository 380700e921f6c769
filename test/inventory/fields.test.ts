import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { sameImage } from '../../src/inventory/compare.ts';
import { FIELDS, type FieldKind } from '../../src/inventory/image.ts';
import { EMPTY } from './sample-images.ts';

/** The schema on record, which a test of the store keeps equal to what the migrations make. */
const SCHEMA = readFileSync(new URL('../store/schema.sql', import.meta.url), 'utf8');

/** The columns of a table between the image's id and what the program adds: name and type. */
function columnsOf(table: string): readonly (readonly [name: string, type: string])[] {
  const [, body = ''] =
    new RegExp(`CREATE TABLE "?${table}"? \\(\n(.*?)\n\\)`, 's').exec(SCHEMA) ?? [];
  const columns = [...body.matchAll(/^ {2}([a-z_]+) (TEXT|INTEGER)\b/gm)].map(
    ([, name = '', type = '']) => [name, type] as const,
  );
  const first = columns.findIndex(([name]) => name === 'id') + 1;
  return columns.slice(first, columns.findIndex(([name]) => name === 'null_fields') + 1);
}

/** A value as the API sends it, for each kind. */
const SENT: Readonly<Record<FieldKind, unknown>> = {
  text: 'a',
  boolean: false,
  json: { a: 1 },
  'json-set': ['a'],
};

describe('FIELDS', () => {
  it.each(['stored_images', 'staged_images', 'removed_images'])(
    'are the columns of %s, in their order',
    (table) => {
      const expected = FIELDS.map(({ column, kind }) => [
        column,
        kind === 'boolean' ? 'INTEGER' : 'TEXT',
      ]);
      expect(columnsOf(table)).toEqual(expected);
    },
  );

  it('are every field of an image but its id', () => {
    const keys = Object.keys(EMPTY).filter((key) => key !== 'id');
    expect(FIELDS.map(({ key }) => key).sort()).toEqual(keys.sort());
  });

  it.each(FIELDS.filter(({ apiName }) => apiName !== undefined))(
    'find $column in an answer of the API under its name there',
    ({ key, column, apiName = '', kind }) => {
      const image = decodeImage({ id: 'cat', [apiName]: SENT[kind] });
      expect(image[key]).not.toBeNull();
      expect({ ...image, [key]: null }).toEqual(EMPTY);
      expect(decodeImage({ id: 'cat', [apiName]: null }).nullFields).toBe(`["${column}"]`);
    },
  );

  it('have no name in the API where they are the program’s own', () => {
    const own = FIELDS.filter(({ apiName }) => apiName === undefined);
    expect(own.map(({ column }) => column)).toEqual(['extra', 'null_fields']);
  });

  it.each([
    ['filename', 'text'],
    ['creator', 'text'],
    ['meta', 'json'],
    ['uploaded', 'text'],
    ['variants', 'json-set'],
    ['extra', 'json'],
    ['nullFields', 'json-set'],
  ] as const)('read %s as %s', (key, kind) => {
    const isSame = (one: string, other: string): boolean =>
      sameImage({ ...EMPTY, [key]: one }, { ...EMPTY, [key]: other });
    expect(isSame('["a",1]', '["a", 1.0]')).toBe(kind !== 'text');
    expect(isSame('["a","b"]', '["b","a"]')).toBe(kind === 'json-set');
    expect(FIELDS.find((field) => field.key === key)?.kind).toBe(kind);
  });
});
