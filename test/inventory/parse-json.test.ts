import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, parseJson } from '../../src/inventory/json-text.ts';
import { spell, spellings, trees } from './json-spellings.ts';

/** Every value of a text in its place, numbers as their source text, keys in one order. */
function contents(text: string): unknown {
  const read = (value: unknown): unknown => {
    if (JSON.isRawJSON(value)) return { number: value.rawJSON };
    if (Array.isArray(value)) return value.map(read);
    if (!isObject(value)) return value;
    const members = Object.entries(value).map(([key, member]) => [key, read(member)] as const);
    return { members: members.sort(([a], [b]) => (a < b ? -1 : 1)) };
  };
  return read(
    JSON.parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value,
    ),
  );
}

describe('parseJson', () => {
  it('costs no more where a text holds many of the characters that it marks numbers with', () => {
    const icons = '\ue000'.repeat(20_000);
    const text = `{"icons":"${icons}\\uE0000:","numbers":[${Array(20_000).fill('1.0').join()}]}`;
    expect(JSON.stringify(parseJson(text))).toBe(text.replace('\\uE000', '\ue000'));
  });

  it('gives back every value of any JSON, and every number digit by digit', () => {
    fc.assert(
      fc.property(trees, spellings, (tree, spelling) => {
        const text = spell(tree, spelling());
        expect(contents(JSON.stringify(parseJson(text)))).toEqual(contents(text));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    '9007199254740993',
    '12345678901234567890',
    '-9007199254740993',
    '1.0',
    '1.10',
    '-0',
    '-0.0',
    '1e400',
    '-1E+400',
    '1e-400',
    '1e21',
    '0.1000000000000000055511151231257827',
  ])('keeps the number %s wherever it stands', (number) => {
    for (const text of [number, `[${number}]`, `[0,${number},[${number}]]`, `{"a":${number}}`]) {
      expect(JSON.stringify(parseJson(text))).toBe(text);
    }
  });

  it('keeps numbers that white space surrounds', () => {
    expect(JSON.stringify(parseJson(' \n1.0\t'))).toBe('1.0');
    expect(JSON.stringify(parseJson('{ "a" :\n 1.0 , "b": [ 2.50\t] }'))).toBe(
      '{"a":1.0,"b":[2.50]}',
    );
  });

  it('leaves numbers that a round trip cannot alter as numbers', () => {
    expect(parseJson('[0, 1, -2.5, 1e+21, 9007199254740991]')).toEqual([
      0,
      1,
      -2.5,
      1e21,
      Number.MAX_SAFE_INTEGER,
    ]);
  });

  it('takes a number inside a string for a part of the string', () => {
    const text = '{"note":"see [1.0, 2.0] and :3e400}","[1.0,":1.0}';
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  it('knows where a string ends, whatever backslashes and quotes it holds', () => {
    const pieces = fc.constantFrom('\\', '\\\\', '"', '[1.0,', ':2.50}', 'a');
    const notes = fc.string({ unit: pieces, maxLength: 6 }).map((note) => JSON.stringify(note));
    expect(JSON.stringify(parseJson('["\\\\",1.0,""]'))).toBe('["\\\\",1.0,""]');
    fc.assert(
      fc.property(fc.array(notes, { minLength: 1, maxLength: 5 }), (texts) => {
        const text = `[1.0,${texts.map((note) => `{${note}:1.0},${note},2.50`).join()}]`;
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
    );
  });

  it('is not misled by strings that look like its own marks', () => {
    const text = '{"n":1.50,"a":"\\ue0001.50","b":"\ue000\\uE0001.50","c\\\\":"\\"[1.50]"}';
    const value = parseJson(text) as Record<string, unknown>;
    expect(JSON.stringify(value['n'])).toBe('1.50');
    expect(value).toMatchObject({ a: '\ue0001.50', b: '\ue000\ue0001.50', 'c\\': '"[1.50]' });
  });

  it('keeps __proto__ as a key like any other', () => {
    const value = parseJson('{"__proto__":{"polluted":1.0},"a":2}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":1.0},"a":2}');
  });

  it.each([
    '',
    '{',
    '01',
    '[1.0,]',
    '{"a":1.0}}',
    'NaN',
    "{'a':1}",
    '{"a":"b, 1.0}',
    '["a\\", 1.0]',
  ])('refuses %j', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});

describe('isObject', () => {
  it('is true of JSON objects only', () => {
    expect(isObject(parseJson('{}'))).toBe(true);
    for (const text of ['null', '[]', '"a"', '1', '1.0', 'true']) {
      expect(isObject(parseJson(text))).toBe(false);
    }
  });
});
