import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { sameImage } from '../../src/inventory/compare.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { DECODING, digestImages } from '../../src/inventory/shown-bytes.ts';
import { toImage, type ImageRow } from '../../src/store/rows.ts';
import Sqlite from 'better-sqlite3';

const BLOCK_ROWS = 128;
const DIGEST_BYTES = 16;

/** Everything that a server has ever shown of images, so that whatever vouches for a row can be held against it. */
export class ShownTexts {
  readonly #texts = new Map<string, string>();

  note(texts: readonly string[]): void {
    for (const text of texts) this.#texts.set(digestOf(text), text);
  }

  /**
   * What is wrong with the digests of an inventory: one stands where no row is, or for something else than its row. Every
   * other one may be there or not.
   */
  faultsOf(file: string): readonly string[] {
    if (!existsSync(file)) return [];
    const database = new Sqlite(file, { readonly: true });
    try {
      return [...vouchersOf(database)].flatMap(({ rowId, digest, row }) => {
        if (row === undefined) return [`row ${rowId} is gone, and is vouched for`];
        const text = this.#texts.get(digest);
        if (text === undefined)
          return [`row ${rowId} is vouched for by bytes that were never shown`];
        const shown = decodeImage(parseJson(text));
        const isRight = shown.id === row['id'] && sameImage(shown, toImage(row));
        return isRight ? [] : [`row ${rowId} is vouched for by ${text}`];
      });
    } finally {
      database.close();
    }
  }

  /** The ids of an account's rows that are vouched for. */
  static known(file: string, accountId: string): readonly string[] {
    const database = new Sqlite(file, { readonly: true });
    try {
      return [...vouchersOf(database)]
        .filter(({ row }) => row?.['account_id'] === accountId)
        .map(({ row }) => String(row?.['id']))
        .sort();
    } finally {
      database.close();
    }
  }
}

interface Voucher {
  readonly rowId: number;
  /** Hexadecimal, as the row's account would write it. */
  readonly digest: string;
  readonly row: ImageRow | undefined;
}

function* vouchersOf(database: Sqlite.Database): Generator<Voucher> {
  // A process may have been killed before it made anything.
  const hasTables = database
    .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'shown_images'")
    .get();
  if (hasTables === undefined) return;
  const find = database.prepare<[number], ImageRow>(
    'SELECT * FROM stored_images JOIN accounts USING (account_key) WHERE row_id = ?',
  );
  const blocks = database
    .prepare<[], { block: number; digests: Buffer }>('SELECT * FROM shown_images')
    .all();
  for (const { block, digests } of blocks) {
    for (let place = 0; place < BLOCK_ROWS; place += 1) {
      const own = digests.subarray(place * DIGEST_BYTES, (place + 1) * DIGEST_BYTES);
      if (own.every((byte) => byte === 0)) continue;
      const rowId = block * BLOCK_ROWS + place;
      const row = find.get(rowId);
      const mask = maskOf(String(row?.['account_id'] ?? ''));
      const digest = Buffer.from(own.map((byte, index) => byte ^ (mask[index] ?? 0)));
      yield { rowId, row, digest: digest.toString('hex') };
    }
  }
}

/** As the program masks them: what one account's bytes were says nothing of another's. */
function maskOf(accountId: string): Buffer {
  return hash('sha256', JSON.stringify([DECODING, accountId]), 'buffer');
}

function digestOf(text: string): string {
  const body = Buffer.from(text);
  const places = { starts: Uint32Array.of(0), ends: Uint32Array.of(body.length) };
  return Buffer.from(digestImages(body, places).buffer).toString('hex');
}
