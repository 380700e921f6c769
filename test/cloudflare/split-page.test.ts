import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitPage } from '../../src/cloudflare/split-page.ts';
import { createGenerator } from '../../src/emulator/generate.ts';
import { isObject, parseJson } from '../../src/inventory/json-text.ts';
import { spell, spellings, trees, type Choose, type Tree } from '../inventory/json-spellings.ts';

const SEED = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 1_000_000);
const cases = (numRuns: number): fc.Parameters<unknown> => ({ numRuns, seed: SEED });

const HEAD = '{"success":true,"errors":[],"messages":[],"result":{"images":[';
const page = (...images: readonly string[]): string => `${HEAD}${images.join()}]}}`;

/** An answer as it is read without a split: as a whole. `undefined` if it is no JSON. */
function readWhole(body: Buffer): unknown {
  try {
    return parseJson(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function imagesOf(answer: unknown): unknown {
  const result = isObject(answer) ? answer['result'] : undefined;
  return isObject(result) ? result['images'] : undefined;
}

/** The pieces of a split. `undefined` if it declined. */
function piecesOf(body: Buffer): Buffer[] | undefined {
  const split = splitPage(body);
  if (split === undefined) return undefined;
  expect(split.ends).toHaveLength(split.starts.length);
  expect(imagesOf(split.envelope)).toEqual([]);
  return [...split.starts].map((start, index) => body.subarray(start, split.ends[index]));
}

/** An answer as it is read from its split. `undefined` if the split declined, or a piece is no JSON object. */
function readSplit(body: Buffer): unknown {
  const images = piecesOf(body)?.map(readWhole);
  if (images?.every(isObject) !== true) return undefined;
  const envelope = splitPage(body)?.envelope;
  const result = envelope?.['result'];
  return isObject(envelope) && isObject(result)
    ? { ...envelope, result: { ...result, images } }
    : undefined;
}

function splitTexts(text: string): string[] | undefined {
  return piecesOf(Buffer.from(text))?.map(String);
}

/** Fails unless a split that can be read says what the answer as a whole says, number by number. */
function expectTruth(body: Buffer): void {
  const split = readSplit(body);
  if (split === undefined) return;
  const whole = readWhole(body);
  expect(split).toEqual(whole);
  expect(JSON.stringify(imagesOf(split))).toBe(JSON.stringify(imagesOf(whole)));
}

describe('splitPage', () => {
  it('cuts the pages that the emulator serves', () => {
    const generator = createGenerator(SEED);
    const images = Array.from({ length: 2000 }, (_, ordinal) => generator.json(ordinal));
    expect(splitTexts(page(...images))).toEqual(images);
  });

  it('gives what surrounds the images as it is parsed', () => {
    const text =
      '{"result":{"continuation_token":"a\\nb","images":[{"id":"a"}],"n":1.0},"success":false}';
    expect(JSON.stringify(splitPage(Buffer.from(text))?.envelope)).toBe(
      '{"result":{"continuation_token":"a\\nb","images":[],"n":1.0},"success":false}',
    );
  });

  it.each(['[]', '[ \n]'])('finds no image in %j', (array) => {
    const split = splitPage(Buffer.from(`{"result":{"images":${array}}}`));
    expect(split).toEqual({
      envelope: { result: { images: [] } },
      starts: new Uint32Array(),
      ends: new Uint32Array(),
    });
  });

  it.each([
    ['braces and brackets', '{"id":"}]{["}'],
    ['a quote', '{"id":"\\"}"}'],
    ['a backslash at the end', '{"id":"\\\\"}'],
    ['a backslash and a quote', '{"id":"\\\\\\"}"}'],
    ['what looks like a page', '{"id":"\\"images\\":[{\\"id\\":1}]"}'],
    ['an escaped quote', '{"id":"\\u0022}"}'],
    ['a key with a brace', '{"}":{"{":{}}}'],
    ['what looks like the next image', '{"id":"},{","},{":"},{\\"id\\":1},{"}'],
    ['braces and a letter', '{"id":"},{}a","a":"},{,a"}'],
    ['braces behind colons', '{"id":":{","a":{"b":{}},":{":{}}'],
    ['images of its own', '{"images":[{"images":[]},{}]}'],
    ['letters of several bytes', '{"id":"日本\u2028👩‍👩‍👧"}'],
  ])('cuts around strings with %s', (_what, image) => {
    expect(splitTexts(page(image, '{}', image))).toEqual([image, '{}', image]);
  });

  it.each([
    '{"a":[{"id":1},{"id":2}]}',
    '{"a":[{"id":[{"id":1},{"id":2}]},{"id":2}]}',
    '{"a":[1,{"id":1},{"id":2}]}',
    '{"a":[[],{"id":1},{"id":2}]}',
    '{"a":[{},{"id":2}]}',
    '{"a":[ {"id":1},{"id":2}]}',
    '{"a":[0, {"id":1},{"id":2}]}',
    '{"A":1}',
    '{"":1}',
    '{ "a":1}',
  ])('takes no object within an image for the next one: %s', (image) => {
    expect(splitTexts(page(image, '{"id":1}', image, image))).toEqual([
      image,
      '{"id":1}',
      image,
      image,
    ]);
  });

  it('takes no object behind the images for another one', () => {
    const text =
      '{"result":{"images":[{"id":1},{"id":2}],"a":{"id":1},"b":[{"id":3},{"id":4}]},"c":[{"id":5},{"id":6}]}';
    expect(splitTexts(text)).toEqual(['{"id":1}', '{"id":2}']);
  });

  it('takes a byte order mark for none, as a decoder does', () => {
    const text = page('{"id":"a"}');
    expect(splitTexts(`\ufeff${text}`)).toEqual(['{"id":"a"}']);
    expect(splitTexts(`\ufeff\ufeff${text}`)).toBeUndefined();
  });

  it('accepts white space wherever JSON does', () => {
    const text =
      ' {\n"result"\t:\r{ "images" \t\r\n: \t\r\n[ \t\r\n{ "id" : 1 } \t\r\n, \t\r\n{ } ] } } ';
    expect(splitTexts(text)).toEqual(['{ "id" : 1 }', '{ }']);
  });

  it.each([
    ['nothing', ''],
    ['a web page', '<html>"images":[{}]</html>'],
    ['an answer without images', '{"success":false,"errors":[],"result":null}'],
    ['an answer that is an array', '[{"images":[{}]}]'],
    ['images outside of the result', '{"images":[{}],"result":{}}'],
    ['images too deep in the result', '{"result":{"a":{"images":[{}]}}}'],
    ['images in an array', '{"result":[{"images":[{}]}]}'],
    ['images that are an object', '{"result":{"images":{"a":{}}}}'],
    ['images that are null', '{"result":{"images":null}}'],
    ['images that are a number', '{"result":{"images":12}}'],
    ['images that come to nothing', '{"result":{"images"'],
    ['a number among images', page('{}', '1', '{}')],
    ['an array among images', page('[]')],
    ['a string among images', page('"{}"')],
    ['null among images', page('{}', 'null')],
    ['a comma before', page('', '{}')],
    ['a comma behind', page('{}', '')],
    ['two commas', page('{}', '', '{}')],
    ['no comma', page('{}{}')],
    ['a semicolon', page('{};{}')],
    ['a space that JSON does not know', page('{},\u00a0{}')],
    ['a form feed', page('{},\f{}')],
    ['an array that is not closed', `${HEAD}{}`],
    ['an image that is not closed', `${HEAD}{"a":{}`],
    ['a string that is not closed', `${HEAD}{"a":"]}}`],
    ['a body that ends in a backslash', `${HEAD}{"a":"\\`],
    ['a brace too much', page('{}}')],
    ['a brace too few', page('{"a":{}')],
    ['a byte order mark behind the images', '{"result":{"images":[{}]\ufeff}}'],
    ['a byte order mark among images', page('{}', '\ufeff{}')],
    ['an answer that is cut off', page('{}').slice(0, -1)],
    ['something behind the answer', `${page('{}')}x`],
    ['two answers', page('{}') + page('{}')],
    ['images twice', '{"result":{"images":[{"id":1}],"images":[{"id":2}]}}'],
    ['images twice, once with none', '{"result":{"images":[{"id":1}],"images":[]}}'],
    ['images twice, once with null', '{"result":{"images":[{"id":1}],"images":[null]}}'],
    ['images twice, once escaped', '{"result":{"images":[{"id":1}],"im\\u0061ges":[{"id":2}]}}'],
    ['two results', '{"result":{"images":[{"id":1}]},"result":{"images":[{"id":2}]}}'],
    ['a result that is replaced', '{"result":{"images":[{"id":1}]},"result":null}'],
    ['an array that is a string', '{"result":{"images":[]},"a":"\\\\"images":[{}]"}'],
    ['a prototype', '{"__proto__":{"result":{"images":[{}]}}}'],
    ['a key that is a value', '{"result":{"a":"images":[{}]}}'],
    ['other images first', '{"images":[],"result":{"images":[{"id":1}]}}'],
  ])('declines %s', (_what, text) => {
    expect(splitPage(Buffer.from(text))).toBeUndefined();
  });
});

/** Texts that a careless scan would stumble over, and any others. */
const texts = fc.oneof(
  fc.string({
    unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '"images":[', '},{"id":"', 'é'),
  }),
  fc.string({ unit: 'binary' }),
);
const hostile = texts.map((value): Tree => ({ kind: 'literal', value }));
const keys = fc.oneof(fc.constantFrom('id', 'images', 'result', '__proto__'), texts);

/** Arrays in which objects follow each other as images do. */
const lists = fc
  .array(
    fc.oneof(
      trees,
      hostile.map((id): Tree => ({ kind: 'object', members: [['id', id]] })),
    ),
    {
      maxLength: 4,
    },
  )
  .map((items): Tree => ({ kind: 'array', items }));

const images = fc
  .uniqueArray(fc.tuple(keys, fc.oneof(hostile, lists, trees)), {
    maxLength: 5,
    selector: ([key]) => key,
  })
  .map((members): Tree => ({ kind: 'object', members }));

const compact = fc.constant((): Choose => () => 0);

/** An answer of the list, in any spelling, with other members around the images. */
const answers = fc
  .record({ list: fc.array(images, { maxLength: 5 }), token: hostile, error: hostile })
  .chain(({ list, token, error }) => {
    const array: Tree = { kind: 'array', items: list };
    const result: Tree = {
      kind: 'object',
      members: [
        ['images', array],
        ['continuation_token', token],
      ],
    };
    const members: (readonly [string, Tree])[] = [
      ['success', { kind: 'literal', value: true }],
      ['errors', { kind: 'array', items: [error] }],
      ['result', result],
    ];
    return fc
      .oneof(compact, spellings)
      .map((spelling) => spell({ kind: 'object', members }, spelling()));
  });

interface Damage {
  readonly kind: 'replace' | 'insert' | 'delete' | 'repeat';
  readonly at: number;
  readonly byte: number;
  /** Where a repetition begins. */
  readonly from: number;
}

/** A byte that is replaced, put in or taken out, or an end that is put on at another place. */
const damages: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('replace', 'insert', 'delete', 'repeat'),
  at: fc.nat(),
  byte: fc.oneof(
    fc.constantFrom(...Buffer.from('"\\{}[],: \n')),
    fc.constantFrom(0xc3, 0xe6, 0xf0, 0x80, 0xbf, 0xff),
    fc.nat(255),
  ),
  from: fc.nat(),
});

function damaged(body: Buffer, { kind, at, byte, from }: Damage): Buffer {
  const place = at % (body.length + 1);
  const before = body.subarray(0, place);
  switch (kind) {
    case 'replace':
      return Buffer.concat([before, Buffer.of(byte), body.subarray(place + 1)]);
    case 'insert':
      return Buffer.concat([before, Buffer.of(byte), body.subarray(place)]);
    case 'delete':
      return Buffer.concat([before, body.subarray(place + 1)]);
    case 'repeat':
      return Buffer.concat([before, body.subarray(from % (body.length + 1))]);
  }
}

describe(`of any answer (PROPERTY_SEED=${SEED})`, () => {
  it('finds the images that reading it as a whole finds', () => {
    fc.assert(
      fc.property(answers, (text) => {
        const body = Buffer.from(text);
        expect(readSplit(body)).toEqual(readWhole(body));
      }),
      cases(2000),
    );
  });

  it('declines or tells the truth, whatever happened to its bytes', () => {
    fc.assert(
      fc.property(answers, fc.array(damages, { minLength: 1, maxLength: 4 }), (text, list) => {
        expectTruth(list.reduce(damaged, Buffer.from(text)));
      }),
      cases(5000),
    );
  });

  it('decodes bytes that are no text piece by piece as it does at once', () => {
    const bytes = fc
      .uint8Array({ maxLength: 12 })
      .map((noise) =>
        Buffer.from(noise.map((byte) => (byte < 0x80 && byte !== 0x20 ? 0xf0 | (byte & 7) : byte))),
      );
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 4 }), (noises) => {
        const pieces = noises.map((noise) =>
          Buffer.concat([Buffer.from('{"id":"'), noise, Buffer.from('"}')]),
        );
        const body = Buffer.concat([
          Buffer.from(HEAD),
          ...pieces.flatMap((piece, index) => (index === 0 ? [piece] : [Buffer.from(','), piece])),
          Buffer.from(']}}'),
        ]);
        expect(piecesOf(body)).toEqual(pieces);
        expect(readSplit(body)).toEqual(readWhole(body));
      }),
      cases(1000),
    );
  });
});
