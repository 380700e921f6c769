import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { ChangeKind } from '../../src/inventory/change.ts';
import { diffImages, reworded } from '../../src/inventory/compare.ts';
import type { Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { undo, type Known, type Undone } from '../../src/inventory/undo.ts';
import { spell, spellings, trees } from './json-spellings.ts';

const EXACT = { isExact: true };

/** Any JSON value, in any spelling, with numbers that no JavaScript number holds. */
const json = fc.tuple(trees, spellings).map(([tree, choose]) => spell(tree, choose()));
/** Values of the known types, of wrong ones, null; few enough that two images often agree. */
const often = fc.constantFrom('null', '""', '"a\\"\\u2028"', '{}', '[]', '7', 'true', '1.50');
const value = fc.oneof({ weight: 3, arbitrary: often }, { weight: 1, arbitrary: json });
const boolean = fc.constantFrom('true', 'false', 'null', '"yes"');
const meta = fc.constantFrom('{"b":1.0,"a":9007199254740993}', '{"a":9007199254740993,"b":1}');
const variants = fc.constantFrom('["x","y"]', '["y","x"]', '[]', '"x"', 'null');

/** An image as the API might send it, decoded: every field may be absent. */
const images: fc.Arbitrary<Image> = fc
  .record(
    {
      filename: value,
      creator: value,
      meta: fc.oneof(meta, value),
      requireSignedURLs: boolean,
      uploaded: value,
      variants: fc.oneof(variants, value),
      draft: value,
      size: json,
    },
    { requiredKeys: [] },
  )
  .map((members) => {
    const texts = Object.entries(members).map(([key, text]) => `${JSON.stringify(key)}:${text}`);
    return decodeImage(parseJson(`{${['"id":"cat"', ...texts].join(',')}}`));
  });

const present = (image: Image): Known => ({ is: 'present', image });
const gone = (image: Image): Known => ({ is: 'gone', image });
const change = (kind: ChangeKind, diff: string | undefined) => ({
  imageId: 'cat',
  kind,
  diff: diff ?? '{}',
});
/** One change taken back. */
const undone = (kind: ChangeKind, diff: string | undefined, later: Known): Undone =>
  undo(change(kind, diff), later, EXACT);

describe('undoing what diffImages wrote gives back the exact texts', () => {
  test('of a change, and of a return', () => {
    fc.assert(
      fc.property(images, images, (before, shown) => {
        const after = reworded(before, shown);
        const diff = diffImages(before, after);
        expect(undone('changed', diff, present(after))).toEqual({ before: present(before) });
        expect(undone('restored', diff, present(after))).toEqual({ before: gone(before) });
      }),
      { numRuns: 2000 },
    );
  });

  test('of an addition and of a removal, also of an image that was given another id', () => {
    fc.assert(
      fc.property(images, (image) => {
        for (const ids of [undefined, ['cat', 'dog'] as const]) {
          const came = diffImages(null, image, ids);
          expect(undone('added', came, present(image))).toEqual({ before: { is: 'unseen' } });
          const went = diffImages(image, null, ids);
          expect(undone('removed', went, gone(image))).toEqual({ before: present(image) });
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('of a whole life', () => {
    fc.assert(
      fc.property(images, fc.array(images, { maxLength: 6 }), (first, shown) => {
        const steps = [change('added', diffImages(null, first))];
        const states: Known[] = [{ is: 'unseen' }, present(first)];
        let last = first;
        for (const image of shown) {
          const after = reworded(last, image);
          const diff = diffImages(last, after);
          if (diff === undefined) {
            steps.push(change('removed', diffImages(last, null)), change('restored', '{}'));
            states.push(gone(last), present(after));
          } else {
            steps.push(change('changed', diff));
            states.push(present(after));
          }
          last = after;
        }
        for (const step of steps.reverse()) {
          const later = states.pop() ?? { is: 'unknown' };
          expect(undo(step, later, EXACT)).toEqual({ before: states.at(-1) });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a change that cannot have led to what came after it', () => {
  const image = decodeImage({ id: 'cat', filename: 'a.png', meta: { b: 1, a: 2 } });

  test.for<[string, ChangeKind, string, Known, string]>([
    ['its values are others', 'changed', '{"filename":["x","b.png"]}', present(image), 'filename'],
    ['the image is gone', 'changed', '{"filename":["x","a.png"]}', gone(image), 'it is gone'],
    ['the image was never seen', 'restored', '{}', { is: 'unseen' }, 'it is not on record'],
    ['a removed image is there', 'removed', '{}', present(image), 'it is there'],
    ['a removed image was another', 'removed', '{"filename":["b",null]}', gone(image), 'filename'],
    ['an added image was another', 'added', '{"filename":[null,"b"]}', present(image), 'meta'],
    [
      'an added image was there',
      'added',
      '{"filename":["a","a.png"]}',
      present(image),
      'not there',
    ],
    ['it is no JSON', 'changed', '{"filename":', present(image), 'cannot be read'],
    ['it is no object', 'changed', '[]', present(image), 'no JSON object'],
    ['it is no pair', 'changed', '{"filename":["x"]}', present(image), 'no pair'],
    ['it is three', 'changed', '{"filename":["x","a.png","y"]}', present(image), 'no pair'],
    ['a column is none', 'changed', '{"size":[1,2]}', present(image), 'no column size'],
    ['a name is a number', 'changed', '{"filename":[1,"a.png"]}', present(image), 'no text'],
    ['nulls are no list', 'changed', '{"null_fields":[7,null]}', present(image), 'no list'],
    ['ids are no pair', 'removed', '{"id":7}', gone(image), 'id is no pair'],
    ['its kind is none', 'gone' as ChangeKind, '{}', present(image), 'kind'],
  ])('%s', ([, kind, diff, later, fault]) => {
    expect(undone(kind, diff, later).fault).toContain(fault);
  });

  test('says what the change left and what is there instead', () => {
    expect(undone('changed', '{"filename":["x","a.png"]}', gone(image)).fault).toBe(
      'left it there, yet it is gone afterwards',
    );
    expect(undone('removed', '{}', present(image)).fault).toBe(
      'left it gone, yet it is there afterwards',
    );
  });

  test('names every column that does not fit', () => {
    const diff = '{"filename":["x","b.png"],"creator":[null,"ann"]}';
    expect(undone('changed', diff, present(image)).fault).toBe(
      'does not lead to what came after it: filename, creator',
    );
  });

  test('is told once: what is unknown fits everything', () => {
    const { before, fault } = undone('changed', '{"filename":["x","a.png"]}', { is: 'unseen' });
    expect({ before, fault }).toEqual({
      before: { is: 'unknown' },
      fault: expect.any(String) as string,
    });
    expect(undone('changed', '{"filename":["y","x"]}', before).fault).toBeUndefined();
    expect(undone('removed', diffImages(image, null), before)).toEqual({ before: present(image) });
  });

  test('may mean the same in other words where texts need not be equal', () => {
    const diff = '{"filename":[null,"a.png"],"meta":[null,{"a":2,"b":1}]}';
    expect(undone('added', diff, present(image)).fault).toContain('meta');
    const loose = undo(change('added', diff), present(image), { isExact: false });
    expect(loose.fault).toBeUndefined();
  });
});

test('a defect of the program is not taken for a fault of the diff', () => {
  const defect = new TypeError('x is not a function');
  const broken = {
    ...change('changed', '{}'),
    get diff(): string {
      throw defect;
    },
  };
  expect(() => undo(broken, { is: 'unseen' }, EXACT)).toThrow(defect);
});
