import { FIELDS, type Image } from '../inventory/image.ts';

type Cell = string | number | null;

/** An image's columns as SQLite gives them. */
export type ImageRow = Readonly<Record<string, Cell>>;

/** The image's columns without its id, as a list for SQL. */
export const COLUMNS = FIELDS.map(({ column }) => column).join(', ');

/** One placeholder for each of {@link COLUMNS}. */
export const PLACEHOLDERS = FIELDS.map(() => '?').join(', ');

/** `column = ?` for each of {@link COLUMNS}. */
export const ASSIGNMENTS = FIELDS.map(({ column }) => `${column} = ?`).join(', ');

/** The values of {@link COLUMNS}, in their order. */
export function toCells(image: Image): Cell[] {
  return FIELDS.map(({ key }) => {
    const value = image[key];
    return typeof value === 'boolean' ? Number(value) : value;
  });
}

/** A row that holds `id` and {@link COLUMNS} as an image. */
export function toImage(row: ImageRow): Image {
  const text = (column: string): string | null => (row[column] ?? null) as string | null;
  const flag = row['require_signed_urls'];
  return {
    id: row['id'] as string,
    filename: text('filename'),
    creator: text('creator'),
    meta: text('meta'),
    requireSignedUrls: typeof flag === 'number' ? flag === 1 : null,
    uploaded: text('uploaded'),
    variants: text('variants'),
    extra: text('extra'),
    nullFields: text('null_fields'),
  };
}

/** The row that an image stands in. @param row - Of a statement that names `row_id`. */
export function rowIdOf(row: ImageRow): number {
  return row['row_id'] as number;
}
