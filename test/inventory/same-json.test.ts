import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, sameJson, sameJsonSet } from '../../src/inventory/canonical-json.ts';
import { numbers, spell, spellings, trees, type Tree } from './json-spellings.ts';

/** A tree with its members in one order, so that equal meanings are deeply equal. */
function ordered(tree: Tree): unknown {
  if (tree.kind === 'array') return tree.items.map(ordered);
  if (tree.kind !== 'object') return tree;
  const members = tree.members.map(([key, value]) => [key, ordered(value)] as const);
  return { members: members.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

describe('sameJson', () => {
  it('sees through key order, white space and the spelling of numbers', () => {
    fc.assert(
      fc.property(trees, spellings, spellings, (tree, one, other) => {
        expect(sameJson(spell(tree, one()), spell(tree, other()))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('is true of two values exactly when they mean the same', () => {
    fc.assert(
      fc.property(trees, trees, spellings, (a, b, spelling) => {
        const expected = isDeepStrictEqual(ordered(a), ordered(b));
        expect(sameJson(spell(a, spelling()), spell(b, spelling()))).toBe(expected);
      }),
    );
  });

  it('tells numbers apart that a JavaScript number cannot', () => {
    fc.assert(
      fc.property(numbers, fc.constantFrom(-1n, 1n), spellings, (number, step, spelling) => {
        const tree = { ...number, significand: number.significand * 10n, exponent: 0 };
        const neighbour = { ...tree, significand: tree.significand + step };
        expect(sameJson(spell(tree, spelling()), spell(neighbour, spelling()))).toBe(false);
      }),
    );
  });

  it.each([
    ['1', '1.0'],
    ['15e-1', '1.50'],
    ['100', '1E+2'],
    ['0', '-0.00e9'],
    ['1e400', '10e399'],
    ['1e99999999999999999999999', '10e99999999999999999999998'],
    ['{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}'],
    ['{"__proto__":1,"2":2}', '{"2":2,"__proto__":1}'],
    ['"\\u0041"', '"A"'],
  ])('%s means the same as %s', (a, b) => {
    expect(sameJson(a, b)).toBe(true);
  });

  it.each([
    ['9007199254740993', '9007199254740992'],
    ['1e400', '1e401'],
    ['1e99999999999999999999999', '1e99999999999999999999998'],
    ['1', '"1"'],
    ['1', '-1'],
    ['null', '{}'],
    ['[]', '{}'],
    ['[1,2]', '[2,1]'],
    ['[1,[2]]', '[1,2]'],
    ['{"a":null}', '{}'],
    ['{"__proto__":1}', '{}'],
    ['"1.0"', '"1"'],
  ])('%s does not mean the same as %s', (a, b) => {
    expect(sameJson(a, b)).toBe(false);
  });
});

describe('sameJsonSet', () => {
  it('lets the order of the outermost array vary, and nothing else', () => {
    expect(sameJsonSet('["a","b",1.0]', '[1,"b","a"]')).toBe(true);
    expect(sameJsonSet('[[1,2],3]', '[3,[1,2]]')).toBe(true);
    expect(sameJsonSet('[[1,2]]', '[[2,1]]')).toBe(false);
    expect(sameJsonSet('["a","a","b"]', '["a","b","b"]')).toBe(false);
    expect(sameJsonSet('["a"]', '["a","a"]')).toBe(false);
  });

  it('compares what is no array as it is', () => {
    expect(sameJsonSet('{"a":1,"b":[1,2]}', '{"b":[1,2],"a":1.0}')).toBe(true);
    expect(sameJsonSet('{"b":[1,2]}', '{"b":[2,1]}')).toBe(false);
    expect(sameJsonSet('["a"]', '"a"')).toBe(false);
  });
});

describe('canonicalJson', () => {
  it('is JSON of the same meaning, and its own canonical form', () => {
    fc.assert(
      fc.property(trees, spellings, (tree, spelling) => {
        const text = spell(tree, spelling());
        const canonical = canonicalJson(text);
        expect(canonicalJson(canonical)).toBe(canonical);
        expect(sameJson(canonical, text)).toBe(true);
      }),
    );
  });

  it('holds for an exponent that no number can hold', () => {
    expect(canonicalJson('1.5e999999999999999999999999')).toBe('15e999999999999999999999998');
  });
});
