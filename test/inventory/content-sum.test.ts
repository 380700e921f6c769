import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentSum } from '../../src/inventory/content.ts';
import type { Image } from '../../src/inventory/image.ts';
import { EMPTY, FULL } from './sample-images.ts';

/** Cells that a careless joining would confuse: what frames a cell, and what stands for one that is no text. */
const text = fc.constantFrom(
  null,
  '',
  '-',
  't',
  'f',
  '0:',
  '1:',
  '1:-',
  '2:--',
  ':',
  '1',
  'é',
  '😀',
);
const images: fc.Arbitrary<Image> = fc.record({
  id: fc.constantFrom('a', 'b', '1:', '-'),
  filename: text,
  creator: text,
  meta: text,
  requireSignedUrls: fc.constantFrom(null, true, false),
  uploaded: text,
  variants: text,
  extra: text,
  nullFields: text,
});
const lists = fc.array(images, { maxLength: 8 });

/** The sum of some images, each added in turn. */
function sumOf(list: readonly Image[]): ContentSum {
  const sum = new ContentSum();
  for (const image of list) sum.add(image);
  return sum;
}

const hexOf = (...list: Image[]): string => sumOf(list).hex();
const sha256 = (cells: string): string => createHash('sha256').update(cells, 'utf8').digest('hex');

const NOTHING = '0'.repeat(64);

describe('the number that databases hold', () => {
  it('is zero for no images', () => {
    expect(hexOf()).toBe(NOTHING);
  });

  it('is, for one image, the SHA-256 of its cells, each with its length before it', () => {
    expect(hexOf(EMPTY)).toBe(sha256('3:cat--------'));
    expect(hexOf({ ...EMPTY, requireSignedUrls: true, creator: '' })).toBe(
      sha256('3:cat-0:-t----'),
    );
    expect(hexOf({ ...FULL, filename: 'Größe 😀' })).toBe(
      sha256(
        '3:cat8:Größe 😀3:ann13:{"a":1,"b":2}f24:2026-01-01T00:00:00.000Z' +
          '38:["https://x/public","https://x/thumb"]14:{"draft":true}11:["creator"]',
      ),
    );
  });

  it('is the sum of the digests in lanes of 32 bits, of which none carries into the next', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const digests = list.map((image) => Buffer.from(hexOf(image), 'hex'));
        const lanes = Array.from({ length: 8 }, (_, lane) => {
          const total = digests.reduce((sum, digest) => sum + digest.readUInt32BE(4 * lane), 0);
          return (total % 2 ** 32).toString(16).padStart(8, '0');
        });
        expect(hexOf(...list)).toBe(lanes.join(''));
      }),
    );
  });
});

describe('a set of images', () => {
  it('has one number in whatever order they come', () => {
    const orders = lists.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
      ),
    );
    fc.assert(
      fc.property(orders, ([list, shuffled]) => {
        expect(hexOf(...shuffled)).toBe(hexOf(...list));
      }),
    );
  });

  it('is what it was once an image that came is taken out again', () => {
    fc.assert(
      fc.property(lists, images, (list, image) => {
        const sum = sumOf(list);
        sum.add(image);
        expect(sum.hex()).not.toBe(hexOf(...list));
        sum.remove(image);
        expect(sum.hex()).toBe(hexOf(...list));
      }),
    );
  });

  it('may lose an image before it comes', () => {
    const sum = new ContentSum();
    sum.remove(FULL);
    expect(sum.hex()).not.toBe(NOTHING);
    sum.add(FULL);
    expect(sum.hex()).toBe(NOTHING);
  });

  it('counts an image as often as it is in it', () => {
    expect(hexOf(FULL, FULL)).not.toBe(hexOf(FULL));
    expect(hexOf(FULL, FULL)).not.toBe(NOTHING);
  });

  it('takes another set in as if its images were added, and out again', () => {
    fc.assert(
      fc.property(lists, lists, (own, others) => {
        const sum = sumOf(own);
        const other = sumOf(others);
        sum.merge(other);
        expect(sum.hex()).toBe(hexOf(...own, ...others));
        sum.subtract(other);
        expect(sum.hex()).toBe(hexOf(...own));
        expect(other.hex()).toBe(hexOf(...others));
      }),
    );
  });

  it('goes on from the number that was stored', () => {
    fc.assert(
      fc.property(lists, images, (list, image) => {
        const stored = hexOf(...list);
        const sum = new ContentSum(stored);
        expect(sum.hex()).toBe(stored);
        sum.add(image);
        expect(sum.hex()).toBe(hexOf(...list, image));
      }),
    );
  });

  it('gives any number back as it was read', () => {
    const numbers = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((bytes) => Buffer.from(bytes).toString('hex'));
    fc.assert(
      fc.property(numbers, (hex) => {
        expect(new ContentSum(hex).hex()).toBe(hex);
      }),
    );
  });
});

describe('two images', () => {
  it.each<[string, Partial<Image>, Partial<Image>]>([
    ['the text moves to the next cell', { filename: 'x' }, { creator: 'x' }],
    [
      'a character moves to the next cell',
      { filename: 'ab', creator: 'c' },
      { filename: 'a', creator: 'bc' },
    ],
    [
      'a cell reads like the frame of the next',
      { filename: '1:a', creator: 'b' },
      { filename: '', creator: '1:a1:b' },
    ],
    ['a cell reads like two', { filename: 'a1:b', creator: null }, { filename: 'a', creator: 'b' }],
    ['a text is empty, not absent', { creator: null }, { creator: '' }],
    ['a text is what stands for an absent one', { creator: null }, { creator: '-' }],
    ['a text is empty, or what stands for none', { creator: '' }, { creator: '-' }],
    ['a JSON null is no absent value', { meta: null }, { meta: 'null' }],
    ['a flag is off, not absent', { requireSignedUrls: null }, { requireSignedUrls: false }],
    ['a flag is off, not on', { requireSignedUrls: true }, { requireSignedUrls: false }],
    ['a flag is on, not absent', { requireSignedUrls: null }, { requireSignedUrls: true }],
    ['the id is another', { id: 'cat' }, { id: 'dog' }],
    [
      'the id ends where the file name begins',
      { id: 'c', filename: 'at' },
      { id: 'ca', filename: 't' },
    ],
    ['the spelling is another', { meta: '{"a":1}' }, { meta: '{"a":1.0}' }],
    ['letters look alike', { filename: '\u00e9' }, { filename: 'e\u0301' }],
  ])('have two numbers when %s', (_what, one, other) => {
    expect(hexOf({ ...EMPTY, ...one })).not.toBe(hexOf({ ...EMPTY, ...other }));
  });

  it('have two numbers where the same characters are cut into other cells', () => {
    const pieces = fc.string({ unit: fc.constantFrom('1', '2', ':', '-', 'a'), maxLength: 8 });
    const cut = (characters: string, at: number, further: number): Image => {
      const first = Math.min(at, characters.length);
      const second = Math.min(first + further, characters.length);
      return {
        ...EMPTY,
        id: characters.slice(0, first),
        filename: characters.slice(first, second),
        creator: characters.slice(second),
      };
    };
    const place = fc.nat({ max: 8 });
    fc.assert(
      fc.property(pieces, place, place, place, place, (characters, a, b, c, d) => {
        const one = cut(characters, a, b);
        const other = cut(characters, c, d);
        expect(hexOf(one) === hexOf(other)).toBe(isDeepStrictEqual(one, other));
      }),
      { numRuns: 1000 },
    );
  });

  it('are told apart by every single cell', () => {
    fc.assert(
      fc.property(images, images, (one, other) => {
        for (const key of Object.keys(one) as (keyof Image)[]) {
          const changed = { ...one, [key]: other[key] };
          expect(hexOf(changed) === hexOf(one)).toBe(one[key] === other[key]);
        }
      }),
    );
  });

  it('do not make up for each other by trading a cell', () => {
    const ann = { ...FULL, id: 'a', creator: 'ann' };
    const bob = { ...FULL, id: 'b', creator: 'bob' };
    const traded = [
      { ...ann, creator: 'bob' },
      { ...bob, creator: 'ann' },
    ];
    expect(hexOf(...traded)).not.toBe(hexOf(ann, bob));
  });
});
