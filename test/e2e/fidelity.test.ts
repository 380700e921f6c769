import { expect, test } from 'vitest';
import { parseJson } from '../../src/inventory/json-text.ts';
import type { ApiImage } from '../../src/emulator/account.ts';
import { imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

/** Images as JSON text, because JavaScript's own values could not hold some of them. */
const ODD_IMAGES = [
  '{"id":"big","meta":{"serial":9007199254740993123,"deep":[{"n":-12345678901234567890.50}],"e":1e400}}',
  '{"id":"empty","filename":"","creator":"","meta":{},"variants":[]}',
  '{"id":"absent"}',
  '{"id":"null","filename":null,"creator":null,"meta":null,"requireSignedURLs":null,"uploaded":null,"variants":null}',
  '{"id":"names","filename":"nul\\u0000 \\u001b[31m emoji 👩‍👩‍👧","creator":"=1+1"}',
  '{"id":"unknown","draft":false,"size":{"bytes":18446744073709551615},"__proto__":{"x":1},"tags":[null]}',
  '{"id":"types","filename":5,"creator":{"a":1},"requireSignedURLs":"yes","uploaded":7,"meta":"text","variants":{"a":"u/a"}}',
  '{"id":"keys","meta":{"10":"b","9":"a","__proto__":1,"a.b":2,"":3}}',
  '{"id":"spaced/id %2F ../ ünïcode 日本","filename":"x"}',
];

test('every field comes back as the API gave it, and is no change at the next run', async () => {
  const served = await serveAccount({ images: 10 });
  const images = ODD_IMAGES.map((text) => parseJson(text) as ApiImage);
  for (const image of images) {
    served.account.upload({ id: image.id });
    served.account.replace(image.id, image);
  }
  await served.sync();

  const stored = imagesAsApi(served.database, ACCOUNT);
  for (const image of images) {
    expect(parseJson(stored.get(image.id) ?? ''), image.id).toEqual(
      parseJson(JSON.stringify(image)),
    );
  }
  const [big] = query(served.database, "SELECT meta FROM images WHERE id = 'big'");
  expect(big?.['meta']).toBe(
    '{"serial":9007199254740993123,"deep":[{"n":-12345678901234567890.50}],"e":1e400}',
  );
  const nulls = query(
    served.database,
    "SELECT field FROM image_nulls WHERE image_id = 'null' ORDER BY 1",
  );
  expect(nulls.map(({ field }) => field)).toEqual([
    'creator',
    'filename',
    'meta',
    'require_signed_urls',
    'uploaded',
    'variants',
  ]);

  const { log } = await served.sync();
  expect(log().at(-1)).toMatchObject({ event: 'sync.finished', changed: 0, unchanged: 19 });
});

test('absent, null and empty are three things, and going from one to another is a change', async () => {
  const served = await serveAccount({ images: 0 });
  served.account.upload({ id: 'a' });
  const states: ApiImage[] = [
    { id: 'a' },
    { id: 'a', creator: null },
    { id: 'a', creator: '' },
    { id: 'a', creator: '', meta: null },
    { id: 'a', creator: '', meta: {} },
  ];
  for (const state of states) {
    served.account.replace('a', state);
    const { code } = await served.sync();
    expect(code).toBe(0);
  }
  const diffs = query(served.database, 'SELECT diff FROM changes ORDER BY run_id');
  expect(diffs.map(({ diff }) => diff)).toEqual([
    '{"null_fields":[null,["creator"]]}',
    '{"creator":[null,""],"null_fields":[["creator"],null]}',
    '{"null_fields":[null,["meta"]]}',
    '{"meta":[null,{}],"null_fields":[["meta"],null]}',
  ]);
});

test('a lone surrogate becomes U+FFFD, and stays so', async () => {
  const served = await serveAccount({ images: 0 });
  const name = 'half \ud83d of an emoji, and a whole one 😀';
  served.account.upload({ id: 'lone' });
  served.account.replace('lone', { id: 'lone', filename: name, meta: { [name]: name } });
  await served.sync();
  const fixed = name.toWellFormed();
  expect(fixed).toContain('\ufffd');
  expect(query(served.database, 'SELECT filename, meta FROM images')).toEqual([
    { filename: fixed, meta: JSON.stringify({ [fixed]: fixed }) },
  ]);
  const { log } = await served.sync();
  expect(log().at(-1)).toMatchObject({ event: 'sync.finished', changed: 0, unchanged: 1 });
});

test('variants are rows, named by the last segment of their URL', async () => {
  const served = await serveAccount({ images: 0 });
  served.account.upload({ id: 'v' });
  served.account.replace('v', {
    id: 'v',
    variants: ['https://imagedelivery.net/hash/v/public', 'https://img.example.test/cdn/v/w=200'],
  });
  await served.sync();
  expect(
    query(served.database, 'SELECT image_id, variant, url FROM image_variants ORDER BY 2'),
  ).toEqual([
    { image_id: 'v', variant: 'public', url: 'https://imagedelivery.net/hash/v/public' },
    { image_id: 'v', variant: 'w=200', url: 'https://img.example.test/cdn/v/w=200' },
  ]);
});
