import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { failureOf } from '../inventory/failure-of.ts';

const NOTHING = {
  filename: null,
  creator: null,
  meta: null,
  requireSignedUrls: null,
  uploaded: null,
  variants: null,
  extra: null,
  nullFields: null,
};

function decode(json: string): ReturnType<typeof decodeImage> {
  return decodeImage(parseJson(json));
}

describe('decodeImage', () => {
  it('takes every field that the schema knows', () => {
    const image = decode(`{
      "id": "083eb7b2-5392-4565-b69e-aff66acddd00", "filename": "logo.png", "creator": "ann",
      "meta": {"key": "value"}, "requireSignedURLs": true, "uploaded": "2014-01-02T02:20:00.123Z",
      "variants": ["https://imagedelivery.net/h/083e/public"]
    }`);
    expect(image).toEqual({
      id: '083eb7b2-5392-4565-b69e-aff66acddd00',
      filename: 'logo.png',
      creator: 'ann',
      meta: '{"key":"value"}',
      requireSignedUrls: true,
      uploaded: '2014-01-02T02:20:00.123Z',
      variants: '["https://imagedelivery.net/h/083e/public"]',
      extra: null,
      nullFields: null,
    });
  });

  it('needs nothing but the id', () => {
    expect(decode('{"id":"a/b c"}')).toEqual({ id: 'a/b c', ...NOTHING });
  });

  it.each([
    ['filename', 'filename'],
    ['creator', 'creator'],
    ['meta', 'meta'],
    ['requireSignedURLs', 'require_signed_urls'],
    ['uploaded', 'uploaded'],
    ['variants', 'variants'],
  ])('tells %s: null from an absent one, by its column', (field, column) => {
    const image = decode(`{"id":"a","${field}":null}`);
    const isJson = field === 'meta' || field === 'variants';
    expect(image).toEqual({
      id: 'a',
      ...NOTHING,
      ...(isJson && { [field]: 'null' }),
      nullFields: `["${column}"]`,
    });
  });

  it('names the columns that were null in one order', () => {
    const fields = ['creator', 'filename', 'meta', 'requireSignedURLs', 'uploaded', 'variants'];
    const nulls = (names: string[]): string =>
      `{"id":"a",${names.map((name) => `"${name}":null`).join(',')}}`;
    const image = decode(nulls(fields));
    const names = JSON.parse(image.nullFields ?? '[]') as string[];
    expect(names).toHaveLength(fields.length);
    expect(names).toEqual(names.toSorted());
    expect(decode(nulls(fields.toReversed()))).toEqual(image);
  });

  it.each([
    ['filename', '5'],
    ['filename', '1.0'],
    ['creator', '{"name":"ann"}'],
    ['creator', 'false'],
    ['requireSignedURLs', '"true"'],
    ['requireSignedURLs', '0'],
    ['uploaded', '1700000000000000001'],
    ['uploaded', '[]'],
  ])('keeps %s in extra when its value is %s', (field, value) => {
    const json = `{"${field}":${value}}`;
    expect(decode(`{"id":"a","${field}":${value}}`)).toEqual({ id: 'a', ...NOTHING, extra: json });
  });

  it.each(['"text"', '7.0', 'true', '[]', '{}', '[1,{"a":12345678901234567890}]'])(
    'keeps meta and variants as the JSON that came: %s',
    (value) => {
      const image = decode(`{"id":"a","meta":${value},"variants":${value}}`);
      expect(image).toEqual({ id: 'a', ...NOTHING, meta: value, variants: value });
    },
  );

  it('keeps fields that it does not know, in their order and with their numbers', () => {
    const image = decode(
      '{"draft":true,"id":"a","size":9007199254740993,"nothing":null,"creator":5}',
    );
    expect(image.extra).toBe('{"draft":true,"size":9007199254740993,"nothing":null,"creator":5}');
    expect(image.nullFields).toBeNull();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'keeps an unknown field that is called %s',
    (field) => {
      const image = decode(`{"id":"a","${field}":{"id":"b"}}`);
      expect(image).toEqual({ id: 'a', ...NOTHING, extra: `{"${field}":{"id":"b"}}` });
    },
  );

  it.each(['{}', '{"id":null}', '{"id":""}', '{"id":7}', '{"id":1.0}', '{"id":["a"]}'])(
    'refuses %s, which has no id',
    (json) => {
      expect(failureOf(() => decode(json))).toMatchObject({
        code: 'BAD_ANSWER',
        message: 'an image in the answer has no id',
      });
    },
  );

  it('refuses an id that only the prototype has', () => {
    expect(failureOf(() => decode('{"__proto__":{"id":"a"}}')).code).toBe('BAD_ANSWER');
  });

  it.each(['null', '[]', '"a"', '1', '1.0', 'true'])('refuses %s, which is no object', (json) => {
    expect(failureOf(() => decode(json))).toMatchObject({
      code: 'BAD_ANSWER',
      message: 'an image in the answer is not an object',
    });
  });
});
