import { expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { idsOfDiff } from '../../src/inventory/diff-sides.ts';
import type { Image } from '../../src/inventory/image.ts';
import { compareMoments } from '../../src/store/comparison.ts';
import { openSnapshot } from '../../src/store/database.ts';
import { runOn } from '../support/long-history.ts';
import { imageOf, openStore } from '../support/opened-store.ts';

/** The same image, whatever it is called. */
function portrait(id: string, requireSignedURLs: boolean, variant = 'public'): Image {
  const uploaded = '2026-01-01T00:00:00.000Z';
  const variants = [`https://x.test/${variant}`];
  return decodeImage({ id, filename: 'p.jpg', uploaded, requireSignedURLs, variants });
}

/** An account whose runs found one image each, besides one that stays. @returns Reads what differs between two of them. */
function account(...images: readonly (Image | undefined)[]) {
  const store = openStore();
  for (const [day, image] of images.entries()) {
    runOn(store, day, [imageOf('stays'), ...(image === undefined ? [] : [image])]);
  }
  return (from: number, to: number): unknown => {
    const database = openSnapshot(store.path);
    const moments = [from, to].map((runId) => ({ is: 'run', runId }) as const);
    const [first = { is: 'latest' }, last = { is: 'latest' }] = moments;
    const [comparison] = compareMoments(database, undefined, [first, last]);
    if (comparison?.from === undefined) throw new Error('nothing was compared');
    const told = Array.from(comparison.difference.changes(), ({ imageId, kind, diff }) => [
      imageId,
      kind,
      idsOfDiff(diff)?.join(' → '),
    ]);
    database.close();
    return told;
  };
}

test('an image that was given another id is told of under both, whatever happened to it since', () => {
  const differ = account(portrait('a', false), portrait('b', true), portrait('b', true, 'new'));
  const told = [
    ['a', 'removed', 'a → b'],
    ['b', 'added', 'a → b'],
  ];
  expect(differ(1, 2)).toEqual(told);
  expect(differ(1, 3)).toEqual(told);
});

test('an image that is gone goes on under no other id', () => {
  const differ = account(portrait('a', false), portrait('b', true), undefined);
  expect(differ(1, 3)).toEqual([['a', 'removed', undefined]]);
});

test('of three ids the last one tells where it comes from', () => {
  const differ = account(portrait('a', false), portrait('b', true), portrait('c', false));
  expect(differ(1, 3)).toEqual([
    ['a', 'removed', undefined],
    ['c', 'added', 'b → c'],
  ]);
});

test('an image that is given an id that it had before is told of under both', () => {
  const differ = account(portrait('a', false), portrait('b', true), portrait('a', false));
  expect(differ(2, 3)).toEqual([
    ['a', 'restored', 'b → a'],
    ['b', 'removed', 'b → a'],
  ]);
  expect(differ(1, 3)).toEqual([]);
});
