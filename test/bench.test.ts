import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONTENDERS, contendersOfStill, type ContenderName } from '../bench/contenders.ts';
import { measureNode } from '../bench/measure.ts';
import { growthOf, rowsOf, type Row } from '../bench/ratios.ts';
import { startServer } from '../bench/server-process.ts';
import { verifyLedger } from '../bench/verify-ledger.ts';
import { verifyImages, WrongOutput } from '../bench/verify-output.ts';
import { makeFolder, temporaryFolder } from './support/folder.ts';

const repository = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

test('measures every contender that this machine has, and verifies what it wrote', async () => {
  const folder = temporaryFolder();
  const json = join(folder, 'bench.json');
  const words = ['--images', '2000', '--runs', '1', '--json', json];
  await measureNode([repository('bench/bench.ts'), ...words], {}, folder);

  const { rows } = JSON.parse(readFileSync(json, 'utf8')) as { rows: Row[] };
  expect(rows.map(({ name }) => name).sort()).toEqual([...CONTENDERS].sort());
  for (const { name, best, skipped } of rows) {
    const isPeer = name.startsWith('sdk') || name.startsWith('sqlite3');
    if (isPeer && skipped !== undefined) continue;
    expect(best, name).toMatchObject({ imagesPerSecond: expect.any(Number) as number });
  }
  const requests = (name: ContenderName): unknown =>
    rows.find((row) => row.name === name)?.best?.requests;
  // The program asks for the statistics and for the end, too.
  expect([requests('fetch'), requests('first sync'), requests('changed resync')]).toEqual([
    2, 4, 4,
  ]);
});

describe('an output that is wrong is noticed', () => {
  const truth = { images: 300, seed: 1 };
  const folder = makeFolder();
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Right databases, each of one contender. */
  const right: Partial<Record<ContenderName, string>> = {};
  beforeAll(async () => {
    using server = await startServer(truth.images, truth.seed);
    const { baseUrl, token, accountId } = server;
    const list = { baseUrl, token, accountId, perPage: 100, pages: 3, concurrency: 2 };
    const where = { list, folder, main: repository('src/cli/main.ts') };
    for (const { name, database, run, verify } of await contendersOfStill(where)) {
      if (name !== 'insert' && name !== 'first sync') continue;
      await run();
      verify?.(truth);
      right[name] = database ?? '';
    }
  });

  /** A copy of a right database, spoilt. */
  function spoilt(name: ContenderName, sql: string): string {
    const file = join(temporaryFolder(), 'spoilt.db');
    copyFileSync(right[name] ?? '', file);
    const database = new Sqlite(file);
    expect(database.prepare(sql).run().changes).toBe(1);
    database.close();
    return file;
  }

  const one = 'WHERE rowid = (SELECT rowid FROM images';
  test.for([
    [`DELETE FROM images ${one} LIMIT 1)`, 'missing'],
    [`UPDATE images SET id = id || '0' ${one} LIMIT 1)`, 'is no image of the account'],
    [`UPDATE images SET filename = 'x' ${one} LIMIT 1)`, 'filename is "x"'],
    [`UPDATE images SET creator = 'x' ${one} LIMIT 1)`, 'creator is "x"'],
    [`UPDATE images SET uploaded = 'x' ${one} LIMIT 1)`, 'uploaded is "x"'],
    [`UPDATE images SET meta = '{"album":1}' ${one} LIMIT 1)`, 'meta is'],
    [`UPDATE images SET variants = '[]' ${one} LIMIT 1)`, 'variants is "[]"'],
    [`UPDATE images SET require_signed_urls = 2 ${one} LIMIT 1)`, 'require_signed_urls is 2'],
    [
      `INSERT INTO images SELECT 'other', id, filename, creator, meta, require_signed_urls, uploaded, variants FROM images LIMIT 1`,
      'is there twice',
    ],
  ] as const)('%s', ([sql, message]) => {
    const file = spoilt('insert', sql);
    expect(() => verifyImages(file, truth, 'json-parse')).toThrow(message);
  });

  test('an image that should have changed and has not', () => {
    const changed = { ...truth, changedEvery: 100 };
    expect(() => verifyImages(right.insert ?? '', changed, 'json-parse')).toThrow(
      '"{\\"changed\\":',
    );
  });

  test.for([
    ['UPDATE runs SET added = added - 1', 'the run was'],
    ["UPDATE runs SET status = 'incomplete'", 'the run was'],
    [
      "INSERT INTO changes SELECT 1, run_id, account_id, 'x', 'added', '{}', finished_at FROM runs",
      'x was recorded as added',
    ],
  ] as const)('%s', ([sql, message]) => {
    const file = spoilt('first sync', sql);
    expect(() => verifyLedger(file, truth, 'first')).toThrow(message);
    expect(() => verifyLedger(file, truth, 'unchanged')).toThrow(WrongOutput);
  });
});

describe('the figures', () => {
  const run = (seconds: number, peakBytes: number) => ({
    ...{ seconds, cpuSeconds: seconds, peakBytes, requests: 1, fileBytes: undefined },
  });

  test('are of the fastest run, with the most memory of all, and compared with those of the floor', () => {
    const rows = rowsOf(1000, [
      { name: 'insert', runs: [run(2, 5)] },
      { name: 'first sync', runs: [run(4, 10), run(3, 20), run(5, 15)] },
      { name: 'sdk first', runs: [run(9, 10)] },
      { name: 'sqlite3 shell', skipped: 'not here' },
    ]);

    expect(rows[1]?.best).toMatchObject({ seconds: 3, peakBytes: 20, cpuSecondsPerMillion: 3000 });
    expect(rows[1]?.comparison).toEqual({ is: 'floor', to: 'insert', ratio: 1.5 });
    expect(rows[2]?.comparison).toEqual({ is: 'peer', to: 'first sync', ratio: 3 });
    expect(rows[3]).toEqual({ name: 'sqlite3 shell', images: 1000, skipped: 'not here' });
  });

  test('of growth compare the largest account with the one of 100,000 images', () => {
    const rows = [10_000, 100_000, 1_000_000].flatMap((images, index) =>
      rowsOf(images, [
        { name: 'insert', runs: [run(1, 1)] },
        { name: 'first sync', runs: [run(images / 1000, [3, 10, 11][index] ?? 0)] },
      ]),
    );

    expect(growthOf(rows)).toEqual([
      { name: 'first sync', from: 100_000, to: 1_000_000, memory: 1.1, cpu: 1 },
    ]);
    expect(growthOf(rows.filter(({ images }) => images === 10_000))).toEqual([]);
  });
});
