import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffImages, sameImage } from '../../src/inventory/compare.ts';
import { FIELDS, type Image } from '../../src/inventory/image.ts';
import { spell, spellings, trees } from './json-spellings.ts';
import { EMPTY, FULL } from './sample-images.ts';

/** Few enough values that two images often agree in a field. */
const images: fc.Arbitrary<Image> = fc.record({
  id: fc.constant('cat'),
  filename: fc.constantFrom(null, '', 'null', 'a"\n'),
  creator: fc.constantFrom(null, '', '\u2028'),
  meta: fc.constantFrom(null, '{}', '{"a":1}', '{"a":1.0}', '{"a":9007199254740993}'),
  requireSignedUrls: fc.constantFrom(null, true, false),
  uploaded: fc.constantFrom(null, '2026-01-01T00:00:00Z'),
  variants: fc.constantFrom(null, '[]', '["x","y"]', '["y","x"]', '"x"'),
  extra: fc.constantFrom(null, '{"__proto__":1}'),
  nullFields: fc.constantFrom(null, '["meta"]'),
});

describe('diffImages', () => {
  it('names only the columns that differ, with the value before and after', () => {
    const after = { ...FULL, creator: 'bob', requireSignedUrls: true };
    expect(diffImages(FULL, after)).toBe(
      '{"creator":["ann","bob"],"require_signed_urls":[false,true]}',
    );
  });

  it('keeps a number beyond 2^53 in its text', () => {
    const before = { ...FULL, meta: '{"n":9007199254740993}' };
    const after = { ...FULL, meta: '{"n":9007199254740992,"x":1.0}' };
    expect(diffImages(before, after)).toBe(
      '{"meta":[{"n":9007199254740993},{"n":9007199254740992,"x":1.0}]}',
    );
  });

  it('tells absent, null and empty apart', () => {
    const asNull: Image = { ...EMPTY, nullFields: '["creator"]' };
    expect(diffImages(EMPTY, asNull)).toBe('{"null_fields":[null,["creator"]]}');
    expect(diffImages(EMPTY, { ...EMPTY, creator: '' })).toBe('{"creator":[null,""]}');
    expect(diffImages(asNull, { ...EMPTY, creator: '' })).toBe(
      '{"creator":[null,""],"null_fields":[["creator"],null]}',
    );
    expect(diffImages(EMPTY, { ...EMPTY, creator: 'null' })).toBe('{"creator":[null,"null"]}');
    expect(diffImages(EMPTY, { ...EMPTY, requireSignedUrls: false })).toBe(
      '{"require_signed_urls":[null,false]}',
    );
    expect(diffImages(EMPTY, { ...EMPTY, meta: '{}' })).toBe('{"meta":[null,{}]}');
  });

  it('tells an absent value from a JSON null by null_fields alone', () => {
    const sent: Image = { ...EMPTY, meta: 'null', nullFields: '["meta"]' };
    expect(diffImages(EMPTY, sent)).toBe('{"null_fields":[null,["meta"]]}');
    expect(diffImages(sent, EMPTY)).toBe('{"null_fields":[["meta"],null]}');
  });

  it.each(['filename', 'creator', 'uploaded'] as const)(
    'takes the word null in %s for a text, whichever side it is on',
    (key) => {
      const named = { ...EMPTY, [key]: 'null' };
      expect(diffImages(EMPTY, named)).toBe(`{"${key}":[null,"null"]}`);
      expect(diffImages(named, EMPTY)).toBe(`{"${key}":["null",null]}`);
    },
  );

  it('begins with the two ids of an image that was given another one', () => {
    const ids = ['cat', 'a"dog'] as const;
    expect(diffImages(FULL, FULL, ids)).toBe('{"id":["cat","a\\"dog"]}');
    expect(diffImages(FULL, { ...FULL, creator: 'bob' }, ids)).toBe(
      '{"id":["cat","a\\"dog"],"creator":["ann","bob"]}',
    );
  });

  it('writes every field of an image that came or went', () => {
    const came = JSON.parse(diffImages(null, FULL) ?? '') as Record<string, unknown>;
    expect(Object.keys(came)).toEqual(FIELDS.map(({ column }) => column));
    expect(came['variants']).toEqual([null, ['https://x/public', 'https://x/thumb']]);
    const went = JSON.parse(diffImages(FULL, null) ?? '') as Record<string, unknown>;
    expect(went['filename']).toEqual(['cat.jpg', null]);
    expect(diffImages(null, EMPTY)).toBeUndefined();
  });

  it.each<[string, Partial<Image>]>([
    ['the order of keys in meta', { meta: '{"b":2,"a":1}' }],
    ['the spelling of a number in meta', { meta: '{"a":1.0,"b":2e0}' }],
    ['the order of variants', { variants: '["https://x/thumb","https://x/public"]' }],
  ])('is undefined when only %s differs', (_what, part) => {
    expect(diffImages(FULL, { ...FULL, ...part })).toBeUndefined();
    expect(sameImage(FULL, { ...FULL, ...part })).toBe(true);
  });

  it('sees a variant that came twice, and one nested deeper', () => {
    expect(sameImage({ ...FULL, variants: '["a"]' }, { ...FULL, variants: '["a","a"]' })).toBe(
      false,
    );
    expect(sameImage({ ...FULL, variants: '["a"]' }, { ...FULL, variants: '[["a"]]' })).toBe(false);
  });

  it('is JSON whose columns are those that differ, whatever the images hold', () => {
    fc.assert(
      fc.property(images, images, (before, after) => {
        const diff = diffImages(before, after);
        expect(sameImage(before, after)).toBe(diff === undefined);
        expect(sameImage(after, before)).toBe(diff === undefined);
        const columns = Object.keys(JSON.parse(diff ?? '{}') as object);
        for (const { key, column } of FIELDS) {
          const alone = { ...before, [key]: after[key] };
          expect(columns.includes(column)).toBe(!sameImage(before, alone));
        }
      }),
    );
  });

  it('finds no change in meta that is only spelled anew', () => {
    fc.assert(
      fc.property(trees, spellings, spellings, (tree, one, other) => {
        const before = { ...FULL, meta: spell(tree, one()) };
        expect(diffImages(before, { ...FULL, meta: spell(tree, other()) })).toBeUndefined();
      }),
    );
  });
});
