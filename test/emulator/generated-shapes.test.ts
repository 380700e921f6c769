import { describe, expect, it } from 'vitest';
import { type ApiImage, EmulatedAccount } from '../../src/emulator/account.ts';

/** So many that the rarest shape, one in 2800, is there. */
const IMAGES = 20_000;
const KNOWN = new Set([
  'id',
  'filename',
  'creator',
  'meta',
  'uploaded',
  'requireSignedURLs',
  'variants',
]);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const SHAPES: readonly [string, (image: ApiImage) => boolean][] = [
  ['a UUID', ({ id }) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)],
  ['a custom id like a path', ({ id }) => /^products\/\w+\/\d+\.jpg$/.test(id)],
  ['a custom id with a slash', ({ id }) => id.includes('/')],
  ['a custom id with Unicode', ({ id }) => /[^\p{ASCII}]/u.test(id)],
  ['a custom id with a percent sign and a space', ({ id }) => /%.*/.test(id) && id.includes(' ')],
  ['a creator', (image) => text(image['creator']) !== ''],
  ['no creator', (image) => !('creator' in image)],
  ['a null creator', (image) => image['creator'] === null],
  ['metadata', (image) => Object.keys(image['meta'] ?? {}).length > 0],
  ['no metadata', (image) => !('meta' in image)],
  ['null metadata', (image) => image['meta'] === null],
  ['empty metadata', (image) => JSON.stringify(image['meta']) === '{}'],
  ['fields that no document mentions', (image) => Object.keys(image).some((k) => !KNOWN.has(k))],
  ['nothing but known fields', (image) => Object.keys(image).every((k) => KNOWN.has(k))],
  ['a false draft', (image) => image['draft'] === false],
  ['signed URLs', (image) => image['requireSignedURLs'] === true],
  ['public URLs', (image) => image['requireSignedURLs'] === false],
  ['no filename', (image) => !('filename' in image)],
  ['an empty filename', (image) => image['filename'] === ''],
  ['a filename that steers a terminal', (image) => text(image['filename']).includes('\u001b[')],
  ['a filename with NUL', (image) => text(image['filename']).includes('\0')],
  ['a filename that is a formula', (image) => text(image['filename']).startsWith('=')],
  ['a filename with markup', (image) => text(image['filename']).includes('<script>')],
];

describe.each([1, 77])('an account of the seed %d', (seed) => {
  const images = new EmulatedAccount({ id: 'any', images: IMAGES, seed }).all();

  it.each(SHAPES)('has images with %s', (_, test) => {
    expect(images.some(test)).toBe(true);
    expect(images.every(test)).toBe(false);
  });

  it('keeps to the documented limits', () => {
    const tooMuch = images.filter(
      (image) =>
        !/^[^/].{0,1022}[^/]$/u.test(image.id) ||
        text(image['filename']).length > 255 ||
        text(image['creator']).length > 1024 ||
        Buffer.byteLength(JSON.stringify(image['meta'] ?? {})) > 1024,
    );

    expect(tooMuch).toEqual([]);
  });

  it('was uploaded at instants in milliseconds', () => {
    const isInstant = (value: unknown) => new Date(text(value)).toISOString() === value;

    expect(images.filter((image) => !isInstant(image['uploaded']))).toEqual([]);
  });

  it('has no two images of one instant', () => {
    expect(new Set(images.map((image) => image['uploaded'])).size).toBe(IMAGES);
  });
});
