import Sqlite from 'better-sqlite3';
import { parseJson } from '../src/inventory/json-text.ts';
import { changedMeta, trueImages, type Truth } from './truth.ts';

/** A database that does not hold what the server sent. */
export class WrongOutput extends Error {
  override readonly name = 'WrongOutput';
}

/**
 * How faithful a writer can be at best: `exact`, or with `JSON.parse`, which rounds numbers, or with the JSON functions of
 * SQLite, which end a text at U+0000. Only the exact writer keeps what it does not know, in `extra`.
 */
export type Fidelity = 'exact' | 'json-parse' | 'sqlite-json';

/** A row of the table or view `images`. */
type Row = Readonly<Record<string, unknown>>;

const TEXTS = ['filename', 'creator', 'uploaded'] as const;
const KNOWN = ['id', ...TEXTS, 'requireSignedURLs', 'meta', 'variants'];

/**
 * Compares every image of a database with what the server generates, one at a time.
 *
 * @throws WrongOutput that names the first difference.
 */
export function verifyImages(file: string, truth: Truth, fidelity: Fidelity): void {
  const database = new Sqlite(file, { readonly: true });
  const images = trueImages(truth);
  const seen = new Uint8Array(truth.images);
  const extra = fidelity === 'exact' ? ', extra' : '';
  const select = `SELECT id, filename, creator, uploaded, require_signed_urls, meta, variants${extra} FROM images`;
  try {
    for (const row of database.prepare<[], Row>(select).iterate()) {
      const id = String(row['id']);
      const ordinal = images.ordinal(id);
      if (ordinal === undefined) throw new WrongOutput(`${id} is no image of the account`);
      if (seen[ordinal] === 1) throw new WrongOutput(`${id} is there twice`);
      seen[ordinal] = 1;
      const image = read(images.json(ordinal), fidelity);
      if (images.isChanged(ordinal)) image['meta'] = changedMeta(ordinal);
      compare(row, image, fidelity);
    }
  } finally {
    database.close();
  }
  const missing = seen.indexOf(0);
  if (missing !== -1) throw new WrongOutput(`the image of ordinal ${missing} is missing`);
}

function read(json: string, fidelity: Fidelity): Record<string, unknown> {
  const value = fidelity === 'json-parse' ? (JSON.parse(json) as unknown) : parseJson(json);
  return value as Record<string, unknown>;
}

function compare(row: Row, image: Readonly<Record<string, unknown>>, fidelity: Fidelity): void {
  const expect = (column: string, wanted: unknown, found = row[column] ?? null): void => {
    if (found === wanted) return;
    const [is, not] = [JSON.stringify(found), JSON.stringify(wanted)];
    throw new WrongOutput(`${String(row['id'])}: ${column} is ${is}, not ${not}`);
  };
  const expectJson = (column: string, value: unknown): void => {
    // SQL's NULL is JSON's null: most writers do not tell them apart.
    const wanted = JSON.stringify(value ?? null);
    const found = (row[column] ?? 'null') as string;
    // Most texts are equal as they stand; only the others are worth parsing.
    if (found !== wanted) expect(column, wanted, JSON.stringify(read(found, fidelity)));
  };
  for (const column of TEXTS) {
    const text = (image[column] ?? null) as string | null;
    expect(column, fidelity === 'sqlite-json' ? (text?.split('\0', 1)[0] ?? null) : text);
  }
  expect('require_signed_urls', Number(image['requireSignedURLs']));
  expectJson('meta', image['meta']);
  expectJson('variants', image['variants']);
  if (fidelity !== 'exact') return;
  const unknown = Object.entries(image).filter(([field]) => !KNOWN.includes(field));
  expectJson('extra', unknown.length === 0 ? null : Object.fromEntries(unknown));
}
