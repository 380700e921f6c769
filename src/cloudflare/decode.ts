import { Failure } from '../inventory/failure.ts';
import type { Image } from '../inventory/image.ts';
import { isObject } from '../inventory/json-text.ts';

/**
 * One image of a list or details answer, as it is stored. Every field is optional in the published
 * schema, so only the id is required. What the schema does not know goes to `extra`; so does a known
 * field whose value is of another type, under its own name, since no column can hold it.
 *
 * @param raw - One element of `result.images`, or the `result` of a details answer.
 * @throws Failure `BAD_ANSWER` if the value is no image.
 */
export function decodeImage(raw: unknown): Image {
  if (!isObject(raw)) throw new Failure('BAD_ANSWER', 'an image in the answer is not an object');
  const { id, filename, creator, meta, requireSignedURLs, uploaded, variants, ...extra } = raw;
  if (typeof id !== 'string' || id === '') {
    throw new Failure('BAD_ANSWER', 'an image in the answer has no id');
  }

  const nulls: string[] = [];
  const text = (apiName: string, value: unknown): string | null => {
    if (typeof value === 'string') return value;
    if (value === null) nulls.push(apiName);
    else if (value !== undefined) extra[apiName] = value;
    return null;
  };
  const json = (apiName: string, value: unknown): string | null => {
    if (value === null) nulls.push(apiName);
    return value === undefined ? null : JSON.stringify(value);
  };
  const flag = (apiName: string, column: string, value: unknown): boolean | null => {
    if (typeof value === 'boolean') return value;
    if (value === null) nulls.push(column);
    else if (value !== undefined) extra[apiName] = value;
    return null;
  };

  return {
    id,
    creator: text('creator', creator),
    filename: text('filename', filename),
    meta: json('meta', meta),
    requireSignedUrls: flag('requireSignedURLs', 'require_signed_urls', requireSignedURLs),
    uploaded: text('uploaded', uploaded),
    variants: json('variants', variants),
    extra: isEmpty(extra) ? null : JSON.stringify(extra),
    nullFields: nulls.length === 0 ? null : JSON.stringify(nulls),
  };
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}
