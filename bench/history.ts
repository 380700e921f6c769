/**
 * What remembering costs: an account of many images and a hundred runs that each found a few of them changed. Prints how
 * much larger the file is than one that remembers nothing, and how long questions of the past take.
 *
 *     node bench/history.ts [IMAGES] [RUNS]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process, { argv, execPath, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { formatTable } from '../src/cli/table.ts';
import { decodeImage } from '../src/cloudflare/decode.ts';
import { createGenerator } from '../src/emulator/generate.ts';
import type { Image } from '../src/inventory/image.ts';
import { formatNumber } from '../src/inventory/quantity.ts';
import { parseJson } from '../src/inventory/json-text.ts';
import { openForWriting } from '../src/store/database.ts';
import { createStore, type InventoryStore } from '../src/store/store.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const IMAGES = Number(argv[2] ?? 1_000_000);
const RUNS = Number(argv[3] ?? 100);
const PAGE = 1000;
/** A run looks at the images of one owner, of whom there are this many: 0.1% of the account. */
const OWNERS = 1000;
const ACCOUNT = 'bench';
const START = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

const generator = createGenerator(1);
const folder = mkdtempSync(join(tmpdir(), 'history-'));
const file = join(folder, 'inventory.db');
try {
  const bare = writeBare();
  const first = writeRuns();
  print(bare, first);
} finally {
  rmSync(folder, { recursive: true });
}

/** The images alone, in a table with the same key: bytes. */
function writeBare(): number {
  const path = join(folder, 'bare.db');
  const database = new Sqlite(path);
  database.exec(`CREATE TABLE images (account_id TEXT, id TEXT, filename TEXT, creator TEXT, meta TEXT,
    require_signed_urls INTEGER, uploaded TEXT, variants TEXT, extra TEXT, PRIMARY KEY (account_id, id))`);
  const insert = database.prepare('INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const insertAll = database.transaction(() => {
    for (let n = 0; n < IMAGES; n += 1) {
      const { id, filename, creator, meta, requireSignedUrls, uploaded, variants, extra } =
        imageOf(n);
      insert.run(
        ACCOUNT,
        id,
        filename,
        creator,
        meta,
        Number(requireSignedUrls),
        uploaded,
        variants,
        extra,
      );
    }
  });
  insertAll();
  database.close();
  return statSync(path).size;
}

/** Writes every run, and says how large the file was after the first: bytes. */
function writeRuns(): number {
  const opened = openForWriting(file, new Date(START).toISOString());
  const store = createStore(opened, START);
  run(store, 0, undefined, pagesOf(allImages()));
  opened.database.pragma('wal_checkpoint(TRUNCATE)');
  const { size } = statSync(file);
  for (let number = 1; number <= RUNS; number += 1)
    run(store, number, `owner-${number}`, changed(number));
  store.close();
  opened.close();
  return size;
}

/** Of the images of a run's owner, some are gone, some are new, the others have another meta. */
function* changed(number: number): Generator<Image[]> {
  const own = range(number, IMAGES, OWNERS);
  const few = Math.floor(own.length / 10);
  const stay = own
    .slice(few)
    .map((n) => ({ ...imageOf(n), meta: `{"order":${n},"run":${number}}` }));
  const fresh = range(0, few, 1).map((index) => imageOf(number + OWNERS * (IMAGES + index)));
  yield [...stay, ...fresh];
}

function run(
  store: InventoryStore,
  number: number,
  creator: string | undefined,
  pages: Iterable<Image[]>,
): void {
  const at = START + number * HOUR_MS;
  const creators = creator === undefined ? undefined : [creator];
  const stage = store.begin({
    ...{ accountId: ACCOUNT, creators, mode: 'full', api: 'v1', startedAt: at },
    ...{ toolVersion: 'bench', scope: '', mayResume: false },
  });
  const page = { list: 0, number: 1, next: undefined, requestMs: 1, cfRay: undefined };
  for (const images of pages) {
    const { length: count } = images;
    stage.add({ ...page, images, count, rows: new Uint32Array(count), bytes: undefined });
  }
  for (const ids of [...stage.suspects()]) for (const id of ids) stage.condemn(id);
  stage.publish({ requests: 1, retries: 0, expected: undefined, finishedAt: at });
}

function print(bare: number, first: number): void {
  const size = statSync(file).size;
  const sizes = [
    ['images in a bare table', bare],
    ['after the first run', first],
    [`after ${RUNS} more`, size],
  ] as const;
  const rows = sizes.map(([what, bytes]) => [
    what,
    `${formatNumber(Math.round(bytes / 1e6))} MB`,
    `${(bytes / first).toFixed(3)} x`,
  ]);
  const questions = [
    ['diff'],
    ['diff', '1', 'latest'],
    ['export', '--format', 'jsonl', '--output', '/dev/null'],
    ['export', '--format', 'jsonl', '--output', '/dev/null', '--as-of', '1'],
    ['export', '--format', 'parquet', '--output', join(folder, 'latest.parquet')],
    ['export', '--format', 'parquet', '--output', join(folder, 'first.parquet'), '--as-of', '1'],
    ['verify'],
  ];
  const times = questions.map((words) => [
    words.slice(0, 5).join(' '),
    `${time(words).toFixed(1)} s`,
  ]);
  stdout.write(
    `${formatTable(rows, ['left', 'right', 'right'])}\n\n${formatTable(times, ['left', 'right'])}\n`,
  );
}

/** How long a command takes as a process of its own, in seconds. */
function time(words: readonly string[]): number {
  const start = performance.now();
  const { status } = spawnSync(execPath, [MAIN, ...words, '--db', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exitCode = 1;
  return (performance.now() - start) / 1000;
}

function imageOf(n: number): Image {
  const image = parseJson(generator.json(n)) as Record<string, unknown>;
  return decodeImage({ ...image, creator: `owner-${n % OWNERS}` });
}

function range(from: number, to: number, step: number): number[] {
  return Array.from(
    { length: Math.max(0, Math.ceil((to - from) / step)) },
    (_, index) => from + index * step,
  );
}

function* pagesOf(images: Iterable<Image>): Generator<Image[]> {
  let page: Image[] = [];
  for (const image of images) {
    page.push(image);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function* allImages(): Generator<Image> {
  for (let n = 0; n < IMAGES; n += 1) yield imageOf(n);
}
