import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/inventory/json-text.ts';

/** A code unit as the escape in which JSON can carry it. */
function escape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** Texts of escapes only, most of them surrogates: lone, paired and in the wrong order. */
const escapes = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0xd800, max: 0xdbff }),
      fc.integer({ min: 0xdc00, max: 0xdfff }),
      fc.constantFrom(0x41, 0xd7ff, 0xe000),
    ),
    { maxLength: 8 },
  )
  .map((units) => units.map(escape).join(''));

describe('a lone surrogate in JSON', () => {
  it('becomes U+FFFD in values and in keys, however deep', () => {
    expect(parseJson('"a\\ud800"')).toBe('a\ufffd');
    expect(parseJson('{"\\udc00":[{"b":"\\ud83d!"}]}')).toEqual({ '\ufffd': [{ b: '\ufffd!' }] });
    expect(parseJson('["\\uDFFF", "\\uD83D\\uDE00"]')).toEqual(['\ufffd', '😀']);
  });

  it('leaves the numbers beside it and the key __proto__ as they are', () => {
    const text = '{"__proto__":"\\ud800","n":[1.0,12345678901234567890]}';
    expect(JSON.stringify(parseJson(text))).toBe(
      '{"__proto__":"\ufffd","n":[1.0,12345678901234567890]}',
    );
  });

  it('never survives, in text that UTF-8 gives back unchanged', () => {
    fc.assert(
      fc.property(escapes, escapes, (key, value) => {
        const text = JSON.stringify(parseJson(`{"${key}":["${value}",1.0]}`));
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/\\ud[89a-f]/i);
        expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
      }),
    );
  });

  it('is replaced once: reading the result again changes nothing', () => {
    fc.assert(
      fc.property(escapes, escapes, (key, value) => {
        const once = JSON.stringify(parseJson(`{"${key}":"${value}"}`));
        expect(JSON.stringify(parseJson(once))).toBe(once);
      }),
    );
  });

  it('takes an escaped backslash before "ud800" for what it is', () => {
    expect(parseJson('"\\\\ud800"')).toBe('\\ud800');
  });
});
