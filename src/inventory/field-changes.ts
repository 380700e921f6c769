import { canonicalJson } from './canonical-json.ts';
import { asList, pairOf } from './diff-sides.ts';
import { isObject, parseJson } from './json-text.ts';

/** One place in which two states of an image differ. */
export interface FieldChange {
  /** A column; within a JSON object the keys that lead there, within `variants` the variant's name. */
  readonly path: readonly [column: string, ...keys: string[]];
  /** A parsed JSON value, as `parseJson` gives it; `undefined` where there is none, which is not a JSON null. */
  readonly before: unknown;
  readonly after: unknown;
}

/** A diff as a person reads it. */
export interface FieldChanges {
  /** The two ids of an image that was given another one, the earlier first. */
  readonly ids: readonly [before: string, after: string] | undefined;
  readonly fields: readonly FieldChange[];
}

/** Objects within objects are looked into this far; what lies deeper differs as a whole. */
const MAX_DEPTH = 8;

/**
 * Reads the text that `diffImages` wrote, down to the single keys that differ. `null_fields` is no column here: it says
 * which nulls are JSON's and which stand for nothing.
 *
 * @throws SyntaxError if the text is no such diff.
 */
export function readFieldChanges(diff: string): FieldChanges {
  const value = parseJson(diff);
  if (!isObject(value)) throw new SyntaxError('it is no JSON object');
  const { id, null_fields: nulls = [null, null], ...columns } = value;
  const nullsOf = pairOf('null_fields', nulls).map((side) => new Set(asList(side ?? [])));
  const named = nullsOf.flatMap((side) => [...side]).filter((name) => typeof name === 'string');
  const fields = [...new Set([...Object.keys(columns), ...named])].flatMap((column) => {
    const pair = pairOf(column, columns[column] ?? [null, null]);
    const [before, after] = pair.map((side, index) =>
      side === null && nullsOf[index]?.has(column) !== true ? undefined : side,
    );
    return expand([column], before, after);
  });
  const ids = id === undefined ? undefined : (pairOf('id', id) as [string, string]);
  return { ids, fields };
}

/** The places below this one in which two values differ. */
function expand(path: FieldChange['path'], before: unknown, after: unknown): FieldChange[] {
  const [old, young] = [membersOf(path, before), membersOf(path, after)];
  if (old === undefined || young === undefined) {
    return isSame(before, after) ? [] : [{ path, before, after }];
  }
  const keys = new Set([...old.keys(), ...young.keys()]);
  return [...keys].flatMap((key) => expand([...path, key], old.get(key), young.get(key)));
}

function membersOf(path: FieldChange['path'], value: unknown): Map<string, unknown> | undefined {
  if (path.length > MAX_DEPTH) return undefined;
  if (isObject(value)) return new Map(Object.entries(value));
  return path.length === 1 && path[0] === 'variants' ? variantsOf(value) : undefined;
}

/** Delivery URLs by their variants' names; `undefined` if the value is another list than that. */
function variantsOf(value: unknown): Map<string, unknown> | undefined {
  const urls = asList(value)?.filter((url) => typeof url === 'string');
  const variants = new Map(urls?.map((url) => [url.slice(url.lastIndexOf('/') + 1), url]));
  return variants.size === asList(value)?.length ? variants : undefined;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(JSON.stringify(a)) === canonicalJson(JSON.stringify(b));
}
