import { DELIVERY, VARIANT_NAMES } from './delivery.ts';
import { mix } from './mix.ts';

/**
 * The images of a fresh account, made on demand from a seed and an ordinal, so that a million of them
 * cost no memory. Shapes follow Cloudflare's documentation: UUID and custom ids, with `/` and
 * Unicode; `creator`, `meta` and other fields present, absent or null; fields no document mentions;
 * and now and then a name that only an attacker or a bug would choose.
 */
export interface Generator {
  /** The image as the API's JSON text. */
  json(ordinal: number): string;
  id(ordinal: number): string;
  /** The ordinal whose generated id this is. */
  ordinal(id: string): number | undefined;
}

const CREATORS = ['acme', 'billing-app', 'cms', 'design', 'user-7f3a', 'user-9c21', 'équipe-photo'];
const WORDS = ['banner', 'hero', 'invoice', 'portrait', 'product', 'receipt', 'sunset', 'team'];
const EXTENSIONS = ['jpg', 'png', 'webp', 'gif', 'svg', 'avif'];
/** Names as hostile input has them: terminal control, a formula, NUL, markup, reordering marks, emoji. */
const HOSTILE = [
  '\u001b[2J\u001b[31mred.png',
  '=HYPERLINK("https://example.test","open")',
  'nul\u0000byte.png',
  '<script>alert(1)</script>.svg',
  '\u202egnp.exe',
  '👩‍👩‍👧 family 🏳️‍🌈.jpg',
  '',
].map((name) => JSON.stringify(name));

// One template, not a loop: this runs for every image of every page.
const [PUBLIC, THUMBNAIL, HERO] = VARIANT_NAMES;

const FIRST_UPLOAD = Date.UTC(2023, 0, 1);
const UPLOAD_STEP_MS = 97_003;

/** @param seed - Any integer; the same seed gives the same account. */
export function createGenerator(seed: number): Generator {
  const salts = Array.from({ length: 16 }, (_, purpose) => mix(seed + purpose * 0x85ebca6b));
  /** 32 well-mixed bits that depend on the seed, the image and the purpose (0 to 15). */
  const bits = (ordinal: number, purpose: number): number =>
    mix(Math.imul(ordinal, 0x9e3779b1) ^ (salts[purpose] ?? 0));
  const pick = <T>(list: readonly T[], random: number): T => list[random % list.length] as T;

  /** One id in ten is custom; the others are UUIDs. */
  const isCustom = (n: number): boolean => bits(n, 1) % 20 < 2;

  function id(n: number): string {
    if (isCustom(n)) {
      return bits(n, 1) % 20 === 0
        ? `products/${pick(WORDS, bits(n, 2))}/${n}.jpg`
        : `équipe/日本 photo 100%/${n}`;
    }
    const middle = bits(n, 3);
    const end = bits(n, 4);
    // The last twelve digits hold the ordinal, so that an id leads back to its image.
    return (
      `${hex8(bits(n, 2))}-${hex4(middle >>> 16)}-4${hex4(middle).slice(1)}` +
      `-a${hex4(end >>> 16).slice(1)}-${hex8(n)}${hex4(end)}`
    );
  }

  function ordinal(text: string): number | undefined {
    const custom = /(\d+)(?:\.jpg)?$/.exec(text)?.[1];
    const isUuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text);
    const found = isUuid ? Number.parseInt(text.slice(24, 32), 16) : Number(custom ?? Number.NaN);
    return Number.isSafeInteger(found) && id(found) === text ? found : undefined;
  }

  function filename(n: number): string {
    const dice = bits(n, 6);
    if (dice % 400 === 0) return `,"filename":${pick(HOSTILE, dice >>> 16)}`;
    if (dice % 100 === 1) return '';
    return `,"filename":"${pick(WORDS, dice)}-${n}.${pick(EXTENSIONS, dice >>> 8)}"`;
  }

  function creator(n: number): string {
    const dice = bits(n, 7) % 10;
    if (dice < 3) return '';
    if (dice === 3) return ',"creator":null';
    // Two draws, the smaller wins: a few creators own most images.
    const index = Math.min(bits(n, 8) % CREATORS.length, bits(n, 9) % CREATORS.length);
    return `,"creator":"${CREATORS[index] ?? ''}"`;
  }

  function meta(n: number): string {
    const dice = bits(n, 10);
    if (dice % 10 < 2) return '';
    if (dice % 10 === 2) return ',"meta":null';
    if (dice % 10 < 5) return ',"meta":{}';
    if (dice % 200 === 5)
      return `,"meta":{"serial":90071992547409${n},"price":12.50,"tags":["a",null]}`;
    const album = pick(WORDS, dice >>> 8);
    return `,"meta":{"album":"${album}","order":${dice % 5000},"published":${dice % 2 === 0}}`;
  }

  function json(n: number): string {
    const imageId = id(n);
    const url = `"${DELIVERY}/${isCustom(n) ? encodeURI(imageId) : imageId}/`;
    const variants = `${url}${PUBLIC}",${url}${THUMBNAIL}",${url}${HERO}"`;
    const uploaded = new Date(FIRST_UPLOAD + n * UPLOAD_STEP_MS).toISOString();
    const signed = bits(n, 11) % 20 === 0;
    const extra = bits(n, 12) % 50 === 0 ? ',"draft":false,"origin":{"region":"weur"}' : '';
    return (
      `{"id":"${imageId}"${filename(n)}${creator(n)}${meta(n)}` +
      `,"uploaded":"${uploaded}","requireSignedURLs":${signed},"variants":[${variants}]${extra}}`
    );
  }

  return { json, id, ordinal };
}

const HEX = Array.from({ length: 0x10000 }, (_, value) => value.toString(16).padStart(4, '0'));

/** The lowest 16 bits as four digits. */
function hex4(value: number): string {
  return HEX[value & 0xffff] ?? '';
}

function hex8(value: number): string {
  return hex4(value >>> 16) + hex4(value);
}
