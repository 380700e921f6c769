import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { forgetPast } from '../../src/store/retention.ts';
import { DAY_MS, FIRST_DAY } from '../support/days.ts';
import { temporaryFolder } from '../support/folder.ts';
import { failOn, runOn } from '../support/long-history.ts';
import { END, imageOf, openStore } from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { statements } from '../support/tamper.ts';
import { transcript } from '../support/transcript.ts';

const golden = (name: string): string => `../golden/diff-${name}.txt`;
/** An image as the API sends it, as JSON text, so that every number is as it is written. */
const image = (json: string): Image => decodeImage(parseJson(json));
const both = (...moments: string[]): string[][] => [
  ['diff', ...moments],
  ['diff', '--json', ...moments],
];

test('changes of every kind, in several accounts', async () => {
  const store = openStore();
  const patched = (fields: string): Image => image(`{"id":"patched",${fields}}`);
  const before = patched(
    '"filename":"a.png","creator":"ann","meta":{"album":"winter","n":1,"same":[1]}',
  );
  const after = patched(
    '"filename":"a.png","creator":null,"meta":{"same":[1],"n":12345678901234567890,"tags":["x"]},"requireSignedURLs":true,"draft":false,"variants":["u/public","u/thumb"]',
  );
  const name = (id: string, filename: string): Image => imageOf(id, filename);
  runOn(store, 0, [before, name('boomerang', 'b.png'), name('twin', 't.png'), imageOf('kept')]);
  runOn(store, 1, [before, imageOf('kept'), name('comes and goes', 'c.png')]);
  runOn(store, 2, [after, name('boomerang', 'b.png'), imageOf('kept'), name('fresh/one', 'f.png')]);
  runOn(store, 3, [after, name('boomerang', 'b2.png'), imageOf('kept'), imageOf('nameless')]);
  const quick = store.begin({ mode: 'quick', startedAt: FIRST_DAY + 4 * DAY_MS });
  quick.addNew(pageOf([imageOf('of a quick run', 'q.png'), name('fresh/one', 'f.png')]));
  quick.publish({ ...END, finishedAt: FIRST_DAY + 4.1 * DAY_MS });
  for (const day of [0, 1, 9]) runOn(store, day, [imageOf('a')], 'quiet');
  runOn(store, 0, [imageOf('a')], 'read once');
  failOn(store, 2, 'never read');
  store.die();
  await expect(
    await transcript(store.path, [
      ...both(),
      ...both('--account', 'acc', '3', '4'),
      ...both('1', '5'),
      ['diff', '5', '1'],
      ['diff', '4', '4'],
      ['diff', '--account', 'quiet', '--account', 'acc', '2026-01-02', '7d'],
      ['diff', '--account', 'acc', '2026-01-03T12:00Z'],
      ['diff', '--account', 'acc', 'latest', 'previous'],
    ]),
  ).toMatchFileSnapshot(golden('kinds'));
});

test('an image that was given another id', async () => {
  const store = openStore();
  const portrait = (id: string, isSigned: boolean): Image =>
    image(`{"id":"${id}","filename":"p.jpg","uploaded":"2026-01-01T00:00:00.000Z","creator":"ann",
      "meta":{"n":1},"requireSignedURLs":${isSigned}}`);
  runOn(store, 0, [portrait('portrait', false), imageOf('other')]);
  runOn(store, 1, [portrait('5f2d0c5e-signed', true), imageOf('other')]);
  runOn(store, 2, [portrait('portrait', false), imageOf('other')]);
  store.die();
  await expect(
    await transcript(store.path, [...both('1', '2'), ['diff', '2', '3']]),
  ).toMatchFileSnapshot(golden('another-id'));
});

test('what would move a terminal, what is too long for it, and too much of it', async () => {
  const store = openStore();
  const id = 'esc\u001b[2J/\u202egnp.exe\nnew line/\u009b31m/日本';
  const account = 'account\u001b[31m\nof two lines';
  const hostile = (name: string): Image =>
    decodeImage({
      id,
      filename: `${name}\u001b]0;title\u0007 ${'日本'.repeat(200)}`,
      creator: `same beginning ${'x'.repeat(100)} ${name}`,
      meta: {
        'key\u202e\n"': name,
        ...Object.fromEntries(Array.from('abcdefg', (key) => [key, name])),
      },
    });
  runOn(store, 0, [hostile('one')], account);
  runOn(store, 1, [hostile('two'), decodeImage({ ...hostile('two'), id: `${id} too` })], account);
  runOn(store, 2, [], account);
  store.die();
  const [text = [], json = []] = both('1', '2');
  const printed = await transcript(store.path, [text, ['diff']]);
  expect(Math.max(...printed.split('\n').map((line) => line.length))).toBeLessThan(600);
  await expect(`${printed}\n${await transcript(store.path, [json])}`).toMatchFileSnapshot(
    golden('hostile'),
  );
});

test('an account that has forgotten its past', async () => {
  const store = openStore();
  for (let day = 0; day < 6; day += 1) runOn(store, day, [imageOf('a', `day ${day}.png`)]);
  const { database } = store.opened;
  Array.from(forgetPast(database, { before: FIRST_DAY + 3 * DAY_MS, batch: 100 }));
  const some = await transcript(store.path, [
    ['diff', '3', 'latest'],
    ['diff', '2'],
    ['diff', '1', '4'],
    ['diff', '2026-01-02'],
  ]);
  Array.from(forgetPast(database, { before: FIRST_DAY + 9 * DAY_MS, batch: 100 }));
  const all = await transcript(store.path, [...both(), ['diff', 'previous']]);
  await expect(`${some}\n# Everything is forgotten:\n${all}`).toMatchFileSnapshot(
    golden('forgotten'),
  );
});

test('what cannot be told', async () => {
  const store = openStore();
  const empty = await transcript(store.path, [...both(), ['diff', '2d']]);
  runOn(store, 5, [imageOf('a')]);
  failOn(store, 6);
  runOn(store, 7, [imageOf('b')], 'other');
  runOn(store, 8, [imageOf('b', 'new')], 'other');
  const nothing = await transcript(join(temporaryFolder(), 'inventory.db'), both());
  const wrong = await transcript(store.path, [
    ['diff', 'yesterday\u001b'],
    ['diff', '1', '2026-02-30'],
    ['diff', '99'],
    ['diff', '2'],
    ['diff', '1', '4'],
    ['diff', '--account', 'acc', '3'],
    ['diff', '--account', 'acc', 'previous'],
    ['diff', '--account', 'acc', '2026-01-02'],
    ['diff', '--account', 'nobody'],
    ['diff', '--account', 'nobody', 'latest'],
    ['diff', '1', '3', '4'],
  ]);
  store.die();
  statements(`UPDATE changes SET diff = replace(diff, 'new', 'old')`)(store.path);
  const damaged = await transcript(store.path, both('3', '4'));
  await expect([nothing, empty, wrong, damaged].join('\n')).toMatchFileSnapshot(golden('errors'));
});
