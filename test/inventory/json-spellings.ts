import fc from 'fast-check';

/** What a JSON text means, apart from how it is spelled: two texts mean the same if their trees are equal. */
export type Tree =
  | { readonly kind: 'literal'; readonly value: null | boolean | string }
  | { readonly kind: 'number'; readonly significand: bigint; readonly exponent: number }
  | { readonly kind: 'array'; readonly items: readonly Tree[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Tree])[] };

/** Decides how a text is spelled: a number from 0 up to, not including, the given one. */
export type Choose = (options: number) => number;

/** Strings that look like numbers to a careless reader, and strings of any Unicode at all. */
const strings = fc.oneof(
  fc.constantFrom('[1.0,', ':1e400}', '-0', '12345678901234567890', '"1.0"', '\\u0041'),
  fc.string({ unit: 'binary' }),
);

/** Keys that plain objects treat specially: integer-like ones move to the front, `__proto__` is a setter. */
const keys = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', '0', '1', '10', '4294967295', ''),
  strings,
);

/** Numbers in their normal form: no trailing zero in the significand, and one zero only. */
export const numbers: fc.Arbitrary<Tree & { kind: 'number' }> = fc
  .tuple(
    fc.oneof(
      fc.bigInt({ min: -99n, max: 99n }),
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
    ),
    fc.oneof(fc.integer({ min: -8, max: 8 }), fc.integer({ min: -500, max: 500 })),
  )
  .map(([digits, power]) => {
    let significand = digits;
    let exponent = power;
    while (significand !== 0n && significand % 10n === 0n) {
      significand /= 10n;
      exponent += 1;
    }
    return { kind: 'number', significand, exponent: significand === 0n ? 0 : exponent };
  });

/** Any JSON value. */
export const trees: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc
      .oneof(fc.constant(null), fc.boolean(), strings)
      .map((value): Tree => ({ kind: 'literal', value })),
    numbers,
    fc.array(tie('tree'), { maxLength: 5 }).map((items): Tree => ({ kind: 'array', items })),
    fc
      .uniqueArray(fc.tuple(keys, tie('tree')), { maxLength: 5, selector: ([key]) => key })
      .map((members): Tree => ({ kind: 'object', members })),
  ),
})).tree;

/** A way of spelling, the same one each time it is asked for. */
export const spellings: fc.Arbitrary<() => Choose> = fc
  .array(fc.nat(), { minLength: 1, maxLength: 40 })
  .map((choices) => () => {
    let turn = 0;
    return (options) => (choices[turn++ % choices.length] ?? 0) % options;
  });

/** One of the many JSON texts that mean this tree. */
export function spell(tree: Tree, choose: Choose): string {
  const space = (): string => ['', ' ', '\n\t', ''][choose(4)] ?? '';
  const around = (text: string): string => space() + text + space();
  switch (tree.kind) {
    case 'literal':
      return around(JSON.stringify(tree.value));
    case 'number':
      return around(spellNumber(tree.significand, tree.exponent, choose));
    case 'array':
      return around(`[${tree.items.map((item) => spell(item, choose)).join(',') || space()}]`);
    case 'object': {
      const members = tree.members.map(
        ([key, value]) => `${around(JSON.stringify(key))}:${spell(value, choose)}`,
      );
      const start = choose(members.length + 1);
      const turned = [...members.slice(start), ...members.slice(0, start)];
      return around(`{${turned.join(',') || space()}}`);
    }
  }
}

/** `15` and `-1` as `1.5`, `1.500`, `15e-1`, `0.15E+1`, `150e-2` …, and zero with either sign. */
function spellNumber(significand: bigint, exponent: number, choose: Choose): string {
  if (significand === 0n) return ['0', '-0', '0.0', '0e5', '-0.00E-3'][choose(5)] ?? '0';
  const sign = significand < 0n ? '-' : '';
  const zeros = choose(3);
  const digits = String(significand).replace('-', '') + '0'.repeat(zeros);
  const decimals = choose(digits.length + 2);
  const padded = digits.padStart(decimals + 1, '0');
  const whole = padded.slice(0, padded.length - decimals);
  const fraction = decimals === 0 ? '' : `.${padded.slice(-decimals)}`;
  const power = exponent - zeros + decimals;
  const isPlain = power === 0 && choose(2) === 0;
  const plus = power >= 0 && choose(2) === 0 ? '+' : '';
  const letter = choose(2) === 0 ? 'e' : 'E';
  return sign + whole + fraction + (isPlain ? '' : `${letter}${plus}${power}`);
}
