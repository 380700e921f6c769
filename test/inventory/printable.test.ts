import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableValue } from '../../src/inventory/printable.ts';

/** What the Unicode standard calls a control, a mark that orders text, or a break between lines. */
const OBEYED = /\p{Cc}|\p{Bidi_Control}|\p{Zl}|\p{Zp}/u;

/** Any text, rich in what must not survive. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('\u061c', '\u200e', '\u200f', '\u202e', '\u2066', '\u2069', '\u2028', '\ufeff'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

describe('printable', () => {
  it('lets no character through that a terminal obeys', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(printable(text)).not.toMatch(OBEYED);
      }),
      { numRuns: 1000 },
    );
  });

  it('lets none of them through alone', () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
    const obeyed = all.filter((character) => OBEYED.test(character));
    expect(obeyed.length).toBeGreaterThan(70);
    expect(obeyed.filter((character) => printable(character) === character)).toEqual([]);
  });

  it('shows them as escapes', () => {
    expect(printable('a\u001b[31mred\u0007')).toBe('a\\u001b[31mred\\u0007');
    expect(printable('invoice\u202egpj.exe')).toBe('invoice\\u202egpj.exe');
    expect(printable('zero\u200bwidth\ufeff')).toBe('zero\\u200bwidth\\ufeff');
    expect(printable('two\r\nlines\t')).toBe('two\\u000d\\u000alines\\u0009');
  });

  it('leaves text in any script and emoji as they are', () => {
    const text = 'Größe 図 שלום مرحبا ‌ नमस्ते 👩‍👩‍👧 é \u00a0 \ue000';
    expect(printable(text)).toBe(text);
  });

  it('leaves a line of JSON the JSON that it was', () => {
    fc.assert(
      fc.property(hostile, hostile, (key, value) => {
        const document = { [key]: value };
        expect(JSON.parse(printable(JSON.stringify(document)))).toEqual(document);
      }),
    );
  });
});

describe('printableValue', () => {
  it('reaches every string inside a value, and every key', () => {
    const value = { 'k\u001b': ['\u0007', { deep: '\u202e' }], n: 1, t: true, none: null };
    expect(printableValue(value)).toEqual({
      'k\\u001b': ['\\u0007', { deep: '\\u202e' }],
      n: 1,
      t: true,
      none: null,
    });
  });

  it('takes __proto__ for a key like any other', () => {
    const shown = printableValue(JSON.parse('{"__proto__":"\\u001b"}'));
    expect(JSON.stringify(shown)).toBe('{"__proto__":"\\\\u001b"}');
  });

  it('lets nothing through from any value', () => {
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        hostile,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(hostile, tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    const strings = (value: unknown): string[] => {
      if (typeof value === 'string') return [value];
      return Object.entries(value as object).flatMap(([key, member]) => [key, ...strings(member)]);
    };
    fc.assert(
      fc.property(values, (value) => {
        expect(strings(printableValue(value)).filter((text) => OBEYED.test(text))).toEqual([]);
      }),
    );
  });
});
