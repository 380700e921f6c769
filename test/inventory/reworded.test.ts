import { expect, it } from 'vitest';
import { reworded, sameImage } from '../../src/inventory/compare.ts';
import type { Image } from '../../src/inventory/image.ts';
import { EMPTY, FULL } from './sample-images.ts';

it('keeps the words of every field that means what it meant', () => {
  const shown: Image = {
    ...FULL,
    meta: '{"b":2.0,"a":1}',
    variants: '["https://x/thumb","https://x/public"]',
    extra: '{ "draft": true }',
  };
  expect(reworded(FULL, shown)).toEqual(FULL);
});

it('takes what means something else as it is shown', () => {
  const shown: Image = {
    id: 'dog',
    filename: 'dog.jpg',
    creator: '',
    meta: '{"a":1,"b":3}',
    requireSignedUrls: true,
    uploaded: '2026-01-01T00:00:00Z',
    variants: '["https://x/public"]',
    extra: '{"draft":false}',
    nullFields: '["meta"]',
  };
  expect(reworded(FULL, shown)).toEqual(shown);
});

it('decides for each field alone', () => {
  const shown: Image = { ...FULL, creator: 'bob', meta: '{"b":2,"a":1}' };
  expect(reworded(FULL, shown)).toEqual({ ...FULL, creator: 'bob' });
});

it('brings no value back that is gone, and loses none that came', () => {
  expect(reworded(FULL, EMPTY)).toEqual(EMPTY);
  expect(reworded(EMPTY, FULL)).toEqual(FULL);
});

it('follows the later state where a JSON null came or went, though both look alike', () => {
  const sent: Image = { ...EMPTY, meta: 'null' };
  expect(sameImage(EMPTY, sent)).toBe(true);
  expect(reworded(EMPTY, sent)).toEqual(sent);
  expect(reworded(sent, EMPTY)).toEqual(EMPTY);
});
