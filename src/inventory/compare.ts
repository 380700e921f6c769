import { FIELDS, type Field, type Image } from './image.ts';
import { sameJson, sameJsonSet } from './canonical-json.ts';

/**
 * What differs between two states of one image, as the JSON text that `changes.diff` holds:
 * `{"column": [before, after]}`. `null` on one side means that the image was not there.
 *
 * Values are joined as text, so that a number beyond 2^53 stays what the API sent.
 *
 * @param ids - The two ids of an image that was given another one.
 * @returns `undefined` when nothing differs.
 */
export function diffImages(
  before: Image | null,
  after: Image | null,
  ids?: readonly [before: string, after: string],
): string | undefined {
  const members = FIELDS.filter((field) => differs(field, before, after)).map(
    ({ key, column, kind }) => {
      const json = kind === 'json' || kind === 'json-set';
      const pair = [before?.[key], after?.[key]].map((value) => asJson(value, json));
      return `${JSON.stringify(column)}:[${pair.join(',')}]`;
    },
  );
  if (ids !== undefined) members.unshift(`"id":${JSON.stringify(ids)}`);
  return members.length === 0 ? undefined : `{${members.join(',')}}`;
}

/**
 * A later state of an image in the words of the earlier one: a field that means the same keeps the text that
 * it had, so that what is stored changes only where a diff says so.
 */
export function reworded(before: Image, after: Image): Image {
  // A JSON null and an absent value are told apart by `nullFields`, which follows the later state.
  const kept = FIELDS.filter(
    (field) =>
      before[field.key] !== null && after[field.key] !== null && !differs(field, before, after),
  );
  return { ...after, ...Object.fromEntries(kept.map(({ key }) => [key, before[key]])) };
}

/** Whether two states of one image are the same. Key order in JSON and the order of variants mean nothing. */
export function sameImage(a: Image, b: Image): boolean {
  return !FIELDS.some((field) => differs(field, a, b));
}

function differs({ key, kind }: Field, before: Image | null, after: Image | null): boolean {
  const a = before?.[key] ?? null;
  const b = after?.[key] ?? null;
  if (a === b) return false;
  if (typeof a === 'string' && typeof b === 'string') {
    if (kind === 'json') return !sameJson(a, b);
    if (kind === 'json-set') return !sameJsonSet(a, b);
  }
  // An absent value and a JSON null look alike in a diff; `null_fields` tells them apart.
  return asJson(a, kind !== 'text') !== asJson(b, kind !== 'text');
}

function asJson(value: string | boolean | null | undefined, isJson: boolean): string {
  if (value === null || value === undefined) return 'null';
  return isJson && typeof value === 'string' ? value : JSON.stringify(value);
}
