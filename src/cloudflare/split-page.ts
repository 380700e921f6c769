import { isObject, parseJson } from '../inventory/json-text.ts';

/** A page of the list, cut into its images without a look at what they hold. */
export interface SplitPage {
  /** The answer as `parseJson` reads it, but with an empty `result.images`. */
  readonly envelope: Readonly<Record<string, unknown>>;
  /** Where each image's `{` stands in the body. */
  readonly starts: Uint32Array;
  /** The place behind each image's `}`. */
  readonly ends: Uint32Array;
}

const IMAGES_KEY = Buffer.from('"images"');
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Cuts an answer of the list at its images. If every cut piece is a JSON object by itself, then the body
 * is JSON, and its `result.images` holds these objects in this order; a piece that is none means
 * that the body is no such answer. Only who parses the pieces can tell. Cuts are made beside ASCII
 * characters, so that decoding piece by piece gives the same text as decoding the body.
 *
 * @returns `undefined` if the body is not spelled as lists are: it must be read as a whole.
 */
export function splitPage(body: Buffer): SplitPage | undefined {
  const open = openingOfImages(body);
  if (open === undefined) return undefined;
  const starts: number[] = [];
  const ends: number[] = [];
  const close = cutElements(body, open + 1, starts, ends);
  if (close === undefined) return undefined;
  const envelope = envelopeAround(body, open, close);
  return envelope && { envelope, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) };
}

/** Where the value of the first member named `images` opens, if it is an array. */
function openingOfImages(body: Buffer): number | undefined {
  const key = body.indexOf(IMAGES_KEY);
  if (key === -1) return undefined;
  const colon = skipSpace(body, key + IMAGES_KEY.length);
  if (body[colon] !== COLON) return undefined;
  const open = skipSpace(body, colon + 1);
  return body[open] === OPENING_BRACKET ? open : undefined;
}

/**
 * Notes where the objects of an array stand.
 *
 * @returns Where the array closes; `undefined` if it holds anything but objects and what separates them.
 */
function cutElements(
  body: Buffer,
  from: number,
  starts: number[],
  ends: number[],
): number | undefined {
  let at = skipSpace(body, from);
  if (body[at] === CLOSING_BRACKET) return at;
  while (body[at] === OPENING_BRACE) {
    const end = endOfImage(body, at);
    starts.push(at);
    ends.push(end);
    at = skipSpace(body, end);
    if (body[at] === CLOSING_BRACKET) return at;
    if (body[at] !== COMMA) return undefined;
    at = skipSpace(body, at + 1);
  }
  return undefined;
}

/**
 * The place behind the image that opens here. In a compact page it takes a look at each opening brace
 * only. One behind a colon opens no element of an array, whether it stands in a string or not. One in
 * `},{"a` stands outside of strings, since nothing can close a string and go on like this, and follows
 * an object in the same array; were that an array within the image, the brace of its first object
 * would have come before, and would have been neither. Where any other comes, the image is scanned.
 */
function endOfImage(body: Buffer, open: number): number {
  let brace = body.indexOf(OPENING_BRACE, open + 1);
  while (brace !== -1 && body[brace - 1] === COLON) brace = body.indexOf(OPENING_BRACE, brace + 1);
  return brace !== -1 && isBetweenObjects(body, brace) ? brace - 1 : endOfObject(body, open);
}

/** Whether a brace stands between the end of an object and a key, as in `},{"a`. */
function isBetweenObjects(body: Buffer, brace: number): boolean {
  return (
    body[brace - 2] === CLOSING_BRACE &&
    body[brace - 1] === COMMA &&
    body[brace + 1] === QUOTE &&
    isLetter(body[brace + 2])
  );
}

function isLetter(byte = 0): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}

/**
 * The place behind the brace that closes the object which opens here, or the body's end if none does.
 * Brackets need no count, since a piece with unbalanced ones is no JSON.
 */
function endOfObject(body: Buffer, open: number): number {
  const { length } = body;
  let depth = 1;
  let at = open + 1;
  while (at < length) {
    const byte = body[at++];
    if (byte === QUOTE) at = endOfString(body, at);
    else if (byte === CLOSING_BRACE) {
      depth -= 1;
      if (depth === 0) return at;
    } else if (byte === OPENING_BRACE) depth += 1;
  }
  return length;
}

/** The place behind the quote that closes the string whose content starts here. */
function endOfString(body: Buffer, start: number): number {
  const { length } = body;
  let at = start;
  while (at < length) {
    const byte = body[at++];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return at;
}

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  while (isSpace(body[at])) at += 1;
  return at;
}

/** What JSON calls white space. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * Parses what surrounds the array. That the array is `result.images`, and no string, deeper member or
 * repeated key, is proved by putting two others in its place: `result.images` must be each of them.
 *
 * @param open - Where the array's `[` stands.
 * @param close - Where its `]` stands.
 */
function envelopeAround(
  body: Buffer,
  open: number,
  close: number,
): Readonly<Record<string, unknown>> | undefined {
  // The bracket comes along: a byte order mark at the start of what is decoded would vanish.
  const before = new TextDecoder().decode(body.subarray(0, open));
  const after = new TextDecoder().decode(body.subarray(close));
  try {
    const filled: unknown = parseJson(`${before}[null${after}`);
    const emptied: unknown = parseJson(`${before}[${after}`);
    const isProved = imageCount(filled) === 1 && imageCount(emptied) === 0;
    return isProved && isObject(emptied) ? emptied : undefined;
  } catch {
    return undefined;
  }
}

/** How many elements `result.images` has. */
function imageCount(envelope: unknown): number | undefined {
  const result = isObject(envelope) ? envelope['result'] : undefined;
  const images = isObject(result) ? result['images'] : undefined;
  return Array.isArray(images) ? images.length : undefined;
}
