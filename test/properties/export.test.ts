import { tableFromIPC } from 'apache-arrow';
import { parse } from 'csv-parse/sync';
import { readParquet } from 'parquet-wasm';
import { describe, expect, test } from 'vitest';
import { csvEncoder } from '../../src/export/csv.ts';
import { FORMATS, type Encode, type Format } from '../../src/export/encoding.ts';
import { encodeJsonl } from '../../src/export/jsonl.ts';
import { parquetEncoder } from '../../src/export/parquet/encoder.ts';
import { canonicalJson } from '../../src/inventory/canonical-json.ts';
import { FIELDS, type Field, type Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { openSnapshot } from '../../src/store/database.ts';
import { select } from '../../src/store/selection.ts';
import { openStore, type OpenedStore } from '../support/opened-store.ts';
import { writeRandomPast, type PastRun } from '../support/random-past.ts';

const SEED = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 1_000_000);

/** One image as a format tells it: the text of each column, or nothing. JSON is canonical, and times are moments. */
type Told = Readonly<Record<string, string | null>>;
type Account = ReadonlyMap<string, Told>;

/** Reads a file with an implementation that is not ours. */
type Reader = (bytes: Buffer) => Account;

const READERS: Readonly<Record<Format, Reader>> = {
  csv: (bytes) => {
    const rows = parse<Record<string, string>>(bytes, { columns: true });
    return new Map(rows.map((row) => [String(row['id']), tell((column) => row[column] ?? null)]));
  },
  jsonl: (bytes) => {
    const lines = bytes.toString().split('\n').slice(0, -1);
    const images = lines.map((line) => parseJson(line) as Record<string, unknown>);
    return new Map(
      images.map((image) => [String(image['id']), tell((column) => textOf(image[column]))]),
    );
  },
  parquet: (bytes) => {
    const table = tableFromIPC(readParquet(bytes).intoIPCStream());
    const images = table
      .toArray()
      .map((row) => (row as { toJSON(): Record<string, unknown> }).toJSON());
    return new Map(
      images.map((image) => [String(image['id']), tell((column) => arrowText(image[column]))]),
    );
  },
};

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function arrowText(value: unknown): string | null {
  const isList = typeof value === 'object' && value !== null;
  return textOf(isList ? [...(value as Iterable<unknown>)] : value);
}

/** What the account itself was, told in the same way. An empty text and none look alike in CSV. */
function accountOf({ images }: PastRun): Account {
  return new Map(
    [...images].map(([id, image]) => [id, tell((_column, { key }) => cellOf(image, key))]),
  );
}

function cellOf(image: Image, key: Field['key']): string | null {
  const cell = image[key];
  return typeof cell === 'boolean' ? String(cell) : cell;
}

const TOLD = FIELDS.filter(({ key }) => key !== 'nullFields');

function tell(read: (column: string, field: Field) => string | null): Told {
  return Object.fromEntries(
    TOLD.map((field) => [field.column, plain(field, read(field.column, field))]),
  );
}

function plain({ column, kind }: Field, text: string | null): string | null {
  if (text === null || text === '' || text === 'null') return null;
  if (column === 'uploaded') return String(/^\d+$/.test(text) ? Number(text) : Date.parse(text));
  if (kind === 'boolean') return String(text === '1' || text === 'true');
  if (kind === 'json') return canonicalJson(text);
  return kind === 'json-set'
    ? canonicalJson(JSON.stringify((JSON.parse(text) as unknown[]).sort()))
    : text;
}

const ENCODERS: Readonly<Record<Format, Encode>> = {
  csv: csvEncoder({ isSafe: false, onAltered: () => undefined }),
  jsonl: encodeJsonl,
  parquet: parquetEncoder({ metadata: {}, createdBy: 'test', onInexactTimes: () => undefined }),
};

function exported({ path }: OpenedStore, { runId }: PastRun, format: Format): Account {
  const database = openSnapshot(path);
  try {
    const everything = {
      accountIds: undefined,
      isRemoved: false,
      columns: undefined,
      where: undefined,
    };
    const table = select(database, { ...everything, moment: { is: 'run', runId } });
    return READERS[format](Buffer.concat([...ENCODERS[format](table)]));
  } finally {
    database.close();
  }
}

describe(`of a random past (PROPERTY_SEED=${SEED})`, () => {
  test.each(FORMATS)('every complete run is exported as the account was: %s', (format) => {
    const store = openStore();
    const runs = writeRandomPast(store, { seed: SEED, days: 30, accounts: ['acc', 'other'] });
    for (const run of runs) {
      expect(exported(store, run, format), `run ${run.runId}`).toEqual(accountOf(run));
    }
    expect(runs.length).toBeGreaterThan(30);
  });
});
