import { FIELDS, type Field, type Image } from './image.ts';
import { isObject, parseJson } from './json-text.ts';

/** A stored field's value. */
type Cell = Image[Field['key']];

/** A row's `diff`, read: for each field that it names, the value before and after. */
export type Diff = ReadonlyMap<Field['key'], readonly [before: Cell, after: Cell]>;

const BY_COLUMN = new Map(FIELDS.map((field) => [field.column, field]));
/** The fields of which a JSON null is stored as the text `null`. */
const NULLABLE = FIELDS.filter(({ kind, apiName }) => kind.startsWith('json') && apiName);

/**
 * Reads the text that `diffImages` wrote. The two ids of an image that was given another one are no field.
 *
 * @throws SyntaxError if the text is no such diff.
 */
export function parseDiff(text: string): Diff {
  const value = parseJson(text);
  if (!isObject(value)) throw new SyntaxError('it is no JSON object');
  const { id, ...members } = value;
  if (id !== undefined) pairOf('id', id);
  return new Map(
    Object.entries(members).map(([column, member]) => {
      const field = BY_COLUMN.get(column);
      if (field === undefined) throw new SyntaxError(`there is no column ${column}`);
      const [before, after] = pairOf(column, member);
      return [field.key, [toCell(field, before), toCell(field, after)]];
    }),
  );
}

/** The two ids of an image that was given another one, if the diff holds them. @throws SyntaxError as {@link parseDiff}. */
export function idsOfDiff(text: string): readonly [before: string, after: string] | undefined {
  const value = parseJson(text);
  if (!isObject(value)) throw new SyntaxError('it is no JSON object');
  if (value['id'] === undefined) return undefined;
  const [before, after] = pairOf('id', value['id']);
  return [String(before), String(after)];
}

/**
 * One side of a diff as an image: what the diff does not name is as in `rest`.
 *
 * @throws SyntaxError if the side's `null_fields` is no list.
 */
export function sideOf(diff: Diff, side: 0 | 1, rest: Image): Image {
  const named = Object.fromEntries([...diff].map(([key, pair]) => [key, pair[side]]));
  const image: Image = { ...rest, ...named };
  // In a diff, an absent value and a JSON null look alike; `null_fields` tells them apart.
  const nulls = listOf(image.nullFields);
  const cells = NULLABLE.filter(({ key }) => image[key] === null || image[key] === 'null');
  const told = cells.map(({ key, column }) => [key, nulls.includes(column) ? 'null' : null]);
  return { ...image, ...(Object.fromEntries(told) as Partial<Image>) };
}

function pairOf(name: string, value: unknown): readonly [before: unknown, after: unknown] {
  const [before, after, ...more] = asList(value) ?? [];
  if (after !== undefined && more.length === 0) return [before, after];
  throw new SyntaxError(`${name} is no pair of before and after`);
}

function toCell({ column, kind }: Field, value: unknown): Cell {
  if (value === null) return null;
  if (kind === 'json' || kind === 'json-set') return JSON.stringify(value);
  if (typeof value === (kind === 'boolean' ? 'boolean' : 'string')) return value as Cell;
  throw new SyntaxError(`${column} is no ${kind}`);
}

function listOf(text: string | null): readonly unknown[] {
  const list = asList(text === null ? [] : JSON.parse(text));
  if (list === undefined) throw new SyntaxError('null_fields is no list');
  return list;
}

function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? (value as readonly unknown[]) : undefined;
}
