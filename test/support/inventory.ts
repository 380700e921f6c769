import Sqlite from 'better-sqlite3';
import { parseJson } from '../../src/inventory/json-text.ts';
import type { ApiImage } from '../../src/emulator/account.ts';

export type Row = Readonly<Record<string, string | number | null>>;

/** Asks one question. */
export type Ask = (sql: string, ...parameters: (string | number)[]) => Row[];

/** Asks an inventory several questions, as anybody with a SQLite tool would. */
export function reading<T>(database: string, work: (ask: Ask) => T): T {
  const opened = new Sqlite(database, { readonly: true });
  try {
    return work((sql, ...parameters) =>
      opened.prepare<(string | number)[], Row>(sql).all(...parameters),
    );
  } finally {
    opened.close();
  }
}

/** Asks an inventory one question. */
export function query(database: string, sql: string, ...parameters: (string | number)[]): Row[] {
  return reading(database, (ask) => ask(sql, ...parameters));
}

const PLAIN = { filename: 'filename', creator: 'creator', uploaded: 'uploaded' } as const;

/**
 * Every image of an inventory in the shape that the API gave it, built from the documented tables
 * alone: `images`, and `image_nulls` for what was null rather than absent.
 */
export function imagesAsApi(database: string, account: string): Map<string, string> {
  const nulls = new Map<string, Set<unknown>>();
  const [nullRows, rows] = reading(database, (ask) => [
    ask('SELECT * FROM image_nulls WHERE account_id = ?', account),
    ask('SELECT * FROM images WHERE account_id = ?', account),
  ]);
  for (const { image_id: id, field } of nullRows) {
    const fields = nulls.get(String(id)) ?? new Set();
    nulls.set(String(id), fields.add(field));
  }
  return new Map(
    rows.map((row) => [String(row['id']), asText(asApi(row, nulls.get(String(row['id']))))]),
  );
}

function asApi(row: Row, nulls: ReadonlySet<unknown> = new Set()): ApiImage {
  const image: ApiImage = { id: String(row['id']) };
  const put = (name: string, column: string, value: unknown): void => {
    if (row[column] !== null) image[name] = value;
    else if (nulls.has(column)) image[name] = null;
  };
  for (const [name, column] of Object.entries(PLAIN)) put(name, column, row[column]);
  put('requireSignedURLs', 'require_signed_urls', row['require_signed_urls'] === 1);
  for (const name of ['meta', 'variants']) {
    if (row[name] !== null) image[name] = parseJson(String(row[name]));
  }
  return {
    ...image,
    ...(row['extra'] === null ? {} : (parseJson(String(row['extra'])) as object)),
  };
}

/** An image as text that is equal for equal images: keys sorted, numbers as they were written. */
export function asText(image: object): string {
  const sorted = Object.entries(image).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(sorted));
}

/** What an account holds, in the form of {@link imagesAsApi}. */
export function accountAsApi(images: readonly ApiImage[]): Map<string, string> {
  return new Map(images.map((image) => [image.id, asText(image)]));
}
