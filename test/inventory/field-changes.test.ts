import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { diffImages } from '../../src/inventory/compare.ts';
import { readFieldChanges } from '../../src/inventory/field-changes.ts';
import { parseJson } from '../../src/inventory/json-text.ts';

/** The places in which two states of an image differ, as `path: before → after`. */
function placesBetween(before: string, after: string): string[] {
  const [old, young] = [before, after].map((fields) =>
    decodeImage(parseJson(`{"id":"a",${fields}}`)),
  );
  if (old === undefined || young === undefined) return [];
  return readFieldChanges(diffImages(old, young) ?? '{}').fields.map(
    (field) => `${field.path.join('/')}: ${text(field.before)} → ${text(field.after)}`,
  );
}

function text(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

describe('what differs between two states of an image', () => {
  test.for([
    ['a text', '"filename":"a"', '"filename":"b"', ['filename: "a" → "b"']],
    [
      'a flag',
      '"requireSignedURLs":true',
      '"requireSignedURLs":false',
      ['require_signed_urls: true → false'],
    ],
    ['nothing and null', '"x":1', '"x":1,"creator":null', ['creator: nothing → null']],
    ['null and nothing', '"x":1,"meta":null', '"x":1', ['meta: null → nothing']],
    ['null and a value', '"creator":null', '"creator":"a"', ['creator: null → "a"']],
    [
      'one null and another',
      '"x":1,"creator":null',
      '"x":1,"filename":null',
      ['creator: null → nothing', 'filename: nothing → null'],
    ],
    [
      'one key',
      '"meta":{"a":1,"b":{"c":2,"d":3}}',
      '"meta":{"b":{"d":3,"c":4},"a":1}',
      ['meta/b/c: 2 → 4'],
    ],
    [
      'keys that come and go',
      '"meta":{"a":1}',
      '"meta":{"b":null}',
      ['meta/a: 1 → nothing', 'meta/b: nothing → null'],
    ],
    ['an object and a list', '"meta":{"a":{}}', '"meta":{"a":[]}', ['meta/a: {} → []']],
    [
      'numbers that no double can hold',
      '"meta":{"n":12345678901234567890,"same":1.50}',
      '"meta":{"n":12345678901234567891,"same":15e-1}',
      ['meta/n: 12345678901234567890 → 12345678901234567891'],
    ],
    [
      'a member called __proto__',
      '"meta":{"__proto__":{"a":1}}',
      '"meta":{"__proto__":{"a":2}}',
      ['meta/__proto__/a: 1 → 2'],
    ],
    [
      'a field that this program does not know',
      '"draft":true',
      '"draft":false',
      ['extra/draft: true → false'],
    ],
    [
      'variants',
      '"variants":["u/a/x","u/a/y"]',
      '"variants":["u/b/y","u/a/z","u/a/x"]',
      ['variants/y: "u/a/y" → "u/b/y"', 'variants/z: nothing → "u/a/z"'],
    ],
    [
      'variants of one name',
      '"variants":["u/a/x"]',
      '"variants":["u/a/x","u/b/x"]',
      ['variants: ["u/a/x"] → ["u/a/x","u/b/x"]'],
    ],
    [
      'variants that are no texts',
      '"variants":["u/a/x"]',
      '"variants":[1]',
      ['variants: ["u/a/x"] → [1]'],
    ],
    [
      'a list within meta',
      '"meta":{"variants":["u/x"]}',
      '"meta":{"variants":["u/y"]}',
      ['meta/variants: ["u/x"] → ["u/y"]'],
    ],
  ] as const)('%s', ([, before, after, places]) => {
    expect(placesBetween(before, after)).toEqual(places);
    expect(placesBetween(after, after)).toEqual([]);
  });

  test('what lies too deep differs as a whole', () => {
    const nested = (value: number): string =>
      `"meta":${'{"k":'.repeat(20)}${value}${'}'.repeat(20)}`;
    const [place = ''] = placesBetween(nested(1), nested(2));
    expect(place).toMatch(/^meta(\/k){8}: (\{"k":){12}1\}{12} → /);
  });

  test('named places, written into the one state, make it the other', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 3 }), fc.object({ maxDepth: 3 }), (before, after) => {
        const [old, young] = [before, after].map((meta) =>
          decodeImage(parseJson(JSON.stringify({ id: 'a', meta }))),
        );
        const { fields } = readFieldChanges(diffImages(old ?? null, young ?? null) ?? '{}');
        const state = new Map(leaves(JSON.parse(JSON.stringify({ meta: before }))));
        for (const field of fields) {
          const place = JSON.stringify(field.path);
          const below = `${place.slice(0, -1)},`;
          for (const key of state.keys())
            if (key === place || key.startsWith(below)) state.delete(key);
          if (field.after !== undefined) {
            for (const [key, value] of leaves(field.after, field.path)) state.set(key, value);
          }
        }
        // An object that lost all its members is there nevertheless.
        const wanted = leaves(JSON.parse(JSON.stringify({ meta: after }))).filter(
          ([, value]) => value !== '{}',
        );
        expect([...state].filter(([, value]) => value !== '{}').sort()).toEqual(wanted.sort());
      }),
    );
  });
});

/** Every value of a document that is no object of members, by its path. */
function leaves(value: unknown, path: readonly string[] = []): [path: string, value: string][] {
  const isInner = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isInner || Object.keys(value).length === 0)
    return [[JSON.stringify(path), JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]));
}

test('the ids of an image that was given another one are no field', () => {
  expect(readFieldChanges('{"id":["old","new"],"filename":["a",null]}')).toEqual({
    ids: ['old', 'new'],
    fields: [{ path: ['filename'], before: 'a', after: undefined }],
  });
});

test.for(['', '[]', '{"filename":"a"}', '{"filename":[1,2,3]}', '{"id":"a"}', '{"null_fields":1}'])(
  'a text that is no diff is refused: %s',
  (diff) => {
    expect(() => readFieldChanges(diff)).toThrow(SyntaxError);
  },
);
