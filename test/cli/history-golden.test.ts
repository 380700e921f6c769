import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { forgetPast } from '../../src/store/retention.ts';
import { DAY_MS, FIRST_DAY } from '../support/days.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runOn } from '../support/long-history.ts';
import { imageOf, openStore } from '../support/opened-store.ts';
import { transcript } from '../support/transcript.ts';

const golden = (name: string): string => `../golden/history-${name}.txt`;
/** An image as the API sends it, as JSON text, so that every number is as it is written. */
const image = (json: string): Image => decodeImage(parseJson(json));
const both = (id: string): string[][] => [
  ['history', id],
  ['history', '--json', id],
];

test('the life of an image that two accounts have listed', async () => {
  const store = openStore();
  const banner = (fields: string): Image =>
    image(`{"id":"shop/banner","uploaded":"2025-12-24T18:00:00.123Z",${fields}}`);
  const first = `"creator":"ann","requireSignedURLs":false,"filename":"banner.png",
    "meta":{"album":"winter","size":{"w":100,"h":50},"kept":"as it is"},
    "variants":["https://imagedelivery.net/hash/shop/banner/public"]`;
  const later = `"creator":null,"requireSignedURLs":true,"filename":"banner.png",
    "meta":{"kept":"as it is","album":"spring","size":{"h":50,"w":200},"tags":["a","b"]},
    "variants":["https://imagedelivery.net/hash/shop/banner/thumb","https://imagedelivery.net/hash/shop/banner/public"]`;
  runOn(store, 0, [banner(first), imageOf('other')]);
  runOn(store, 1, [banner(later), imageOf('other')]);
  runOn(store, 2, [imageOf('other')]);
  runOn(store, 3, [banner(later), imageOf('other')]);
  runOn(store, 4, [imageOf('other')]);
  runOn(store, 5, [banner('"meta":null,"draft":false'), imageOf('other')]);
  runOn(store, 0, [imageOf('other')], 'second');
  runOn(store, 6, [imageOf('other'), banner(first)], 'second');
  runOn(store, 7, [imageOf('other')], 'second');
  runOn(store, 8, [imageOf('other')], 'third');
  store.die();
  await expect(
    await transcript(store.path, [
      ...both('shop/banner'),
      ['history', 'shop/banner', '--account', 'second'],
      ['history', 'other', '--account', 'third'],
    ]),
  ).toMatchFileSnapshot(golden('life'));
});

test('an image that was given another id', async () => {
  const store = openStore();
  const portrait = (id: string, isSigned: boolean): Image =>
    image(`{"id":"${id}","filename":"p.jpg","uploaded":"2026-01-01T00:00:00.000Z","creator":"ann",
      "meta":{"n":1},"requireSignedURLs":${isSigned}}`);
  runOn(store, 0, [portrait('portrait', false)]);
  runOn(store, 1, [portrait('5f2d0c5e-signed', true)]);
  runOn(store, 2, [portrait('portrait', false)]);
  store.die();
  await expect(
    await transcript(store.path, [...both('portrait'), ...both('5f2d0c5e-signed')]),
  ).toMatchFileSnapshot(golden('another-id'));
});

test('an account that has forgotten its past', async () => {
  const store = openStore();
  const days = Array.from({ length: 6 }, (_, day) => day);
  for (const day of days) runOn(store, day, [imageOf('a', `day ${day}.png`), imageOf('b')]);
  Array.from(forgetPast(store.opened.database, { before: FIRST_DAY + 3 * DAY_MS, batch: 100 }));
  store.die();
  await expect(await transcript(store.path, [...both('a'), ['history', 'b']])).toMatchFileSnapshot(
    golden('forgotten'),
  );
});

test('what would move a terminal, what is too long for it, and numbers that no double can hold', async () => {
  const store = openStore();
  const id = 'esc\u001b[2J/\u202egnp.exe\nnew line/\u009b31m/日本';
  const hostile = (name: string, n: string): Image =>
    image(
      JSON.stringify({
        id,
        filename: `${name}\u001b]0;title\u0007 ${'日本'.repeat(500)}`,
        creator: `same beginning ${'x'.repeat(300)} ${name}, ${'same end '.repeat(20)}`,
        meta: {
          'a.b': name,
          'key\u202e\n"': name,
          ['k'.repeat(300)]: name,
          __proto__: 'no member',
          large: `${name} ${'m'.repeat(1_000_000)}`,
          'numbers that no double can hold': ['N', -0],
        },
        variants: [`https://imagedelivery.net/h/\u001b[31m/${name}`],
      }).replace('"N"', n),
    );
  runOn(store, 0, [hostile('one', '12345678901234567890.10')]);
  runOn(store, 1, [hostile('two', '12345678901234567891')]);
  runOn(store, 2, []);
  store.die();
  const [text = [], json = []] = both(id);
  const printed = await transcript(store.path, [text]);
  expect(Math.max(...printed.split('\n').map((line) => line.length))).toBeLessThan(300);
  await expect(printed).toMatchFileSnapshot(golden('hostile'));
  const document = await transcript(store.path, [json]);
  expect(document).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(JSON.parse(document.slice(document.indexOf('\n')))).toMatchObject({ image_id: id });
  await expect(document.replaceAll(/m{1000000}/g, 'm…')).toMatchFileSnapshot(
    golden('hostile-json'),
  );
});

test('what cannot be told', async () => {
  const store = openStore();
  const unread = await transcript(store.path, [['history', 'a']]);
  runOn(store, 0, [imageOf('a')]);
  runOn(store, 0, [imageOf('b')], 'other');
  store.die();
  const nothing = await transcript(join(temporaryFolder(), 'inventory.db'), both('a'));
  const unknown = await transcript(store.path, [
    ['history', 'A'],
    ['history', '--account', 'acc', 'b'],
    ['history', '--account', 'acc', 'nowhere'],
    ['history', '--', '--json'],
    ['history'],
    ['history', 'a', 'b'],
  ]);
  const configured = await transcript(store.path, [['history', 'b']], {
    CLOUDFLARE_ACCOUNT_ID: 'acc,third',
  });
  await expect([nothing, unread, unknown, configured].join('\n')).toMatchFileSnapshot(
    golden('errors'),
  );
});
