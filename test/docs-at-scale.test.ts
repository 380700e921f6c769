import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Emulator } from '../src/emulator/server.ts';
import { openDuckDB, type DuckDB, type DuckRow } from './support/duckdb.ts';
import { makeFolder } from './support/folder.ts';
import { query } from './support/inventory.ts';
import { ACCOUNT, clientOf, type Env } from './support/program.ts';
import { openSessionWith } from './support/session.ts';

const PAGE = readFileSync(new URL('../docs/at-scale.md', import.meta.url), 'utf8');
const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
/** An account whose id is digits, and one that has images in the beginning only. */
const [DIGITS, EMPTIED] = ['1'.repeat(32), 'e'.repeat(32)];
const DATASET = 's3://my-bucket/fleet';

/** The statements of the page's section on DuckDB, up to its next headline. */
const STATEMENTS = (PAGE.split('\n## DuckDB\n')[1]?.split(/^##+ /m)[0] ?? '')
  .matchAll(/^```sql\n(.*?)^```/gms)
  .flatMap(([, block = '']) => block.split(/;\s*\n/))
  .filter((sql) => sql.trim() !== '')
  .toArray();

let folder: string;
let database: string;
let duckdb: DuckDB;
let emulator: Emulator;

beforeAll(async () => {
  folder = makeFolder();
  database = join(folder, 'inventory.db');
  const accounts = [ACCOUNT, DIGITS, EMPTIED].map((id, seed) => ({ id, images: 40, seed }));
  emulator = new Emulator({ accounts });
  const env: Env = {
    ...clientOf(await emulator.listen()),
    CLOUDFLARE_ACCOUNT_ID: accounts.map(({ id }) => id).join(),
    IMAGE_INVENTORY_DB: database,
    IMAGE_INVENTORY_CONCURRENCY: '1',
  };
  const { sync, close } = openSessionWith(env);
  const account = emulator.account(ACCOUNT);
  const steps = [
    () => undefined,
    () => account.patch(account.all()[0]?.id ?? '', { meta: { campaign: 'summer' } }),
    () => undefined,
    () => {
      account.delete(account.all()[1]?.id ?? '');
      account.upload({ id: 'shared' });
      emulator.account(DIGITS).upload({ id: 'shared' });
      for (const { id } of emulator.account(EMPTIED).all()) emulator.account(EMPTIED).delete(id);
    },
  ];
  for (const step of steps) {
    step();
    await sync({ allowMassRemoval: true });
    const output = ['--partition', 'account_id,run', '--output', join(folder, 'fleet')];
    await promisify(execFile)(execPath, [MAIN, 'export', '--db', database, ...output]);
  }
  await close();
  duckdb = await openDuckDB();
  for (const sql of STATEMENTS.filter((each) => each.includes('CREATE'))) ask(sql);
}, 60_000);

afterAll(async () => {
  duckdb.close();
  await emulator.close();
  rmSync(folder, { recursive: true });
});

function ask(sql: string): DuckRow[] {
  return duckdb.ask(sql.replaceAll(DATASET, join(folder, 'fleet')));
}

/** Asks the one query of the page that stands below a comment. */
function askAs(comment: string, replaced: Readonly<Record<string, string>> = {}): DuckRow[] {
  const [sql, ...others] = STATEMENTS.filter((each) => each.includes(comment));
  if (sql === undefined || others.length > 0) throw new Error(`not one query: ${comment}`);
  return ask(Object.entries(replaced).reduce((text, [from, to]) => text.replaceAll(from, to), sql));
}

test('the manifest that docs/at-scale.md shows fits its schema', () => {
  const [, shown = ''] = /```json\n(.*?)```/s.exec(PAGE) ?? [];
  const schema = readFileSync(new URL('../config/dataset.schema.json', import.meta.url), 'utf8');
  const document = JSON.parse(schema) as z.core.JSONSchema.JSONSchema;
  expect(z.fromJSONSchema(document).safeParse(JSON.parse(shown)).error).toBeUndefined();
});

describe('the queries of docs/at-scale.md, on datasets that the program wrote', () => {
  test('see the inventory as it is, empty accounts and all', () => {
    const rows = query(database, 'SELECT account_id, id FROM images ORDER BY account_id, id');
    expect(ask('SELECT account_id, id FROM images ORDER BY account_id, id')).toEqual(rows);
    expect(rows.length).toBe(81);
    const accounts = askAs('Which accounts are there');
    expect(accounts.map(({ account_id: id, images }) => [id, images])).toEqual([
      [ACCOUNT, 40],
      [DIGITS, 41],
      [EMPTIED, 0],
    ]);
    expect(accounts.map(({ run }) => run)).toEqual(
      query(
        database,
        "SELECT max(run_id) AS run FROM runs WHERE status = 'complete' GROUP BY account_id ORDER BY account_id",
      ).map(({ run }) => run),
    );
  });

  test('say who owns what', () => {
    const told = askAs('Who owns what').map(({ creator, images, accounts }) => ({
      creator,
      images,
      accounts,
    }));
    const rows = query(
      database,
      'SELECT creator, count(*) AS images, count(DISTINCT account_id) AS accounts FROM images GROUP BY creator',
    );
    const sorted = (all: readonly object[]): string[] =>
      all.map((row) => JSON.stringify(row)).sort();
    expect(sorted(told)).toEqual(sorted(rows));
  });

  test('find images of several accounts, the growth, and addresses', () => {
    expect(askAs('more than one account')).toEqual([{ id: 'shared', accounts: [ACCOUNT, DIGITS] }]);
    const uploads = askAs('How did each account grow').map(({ uploads: count }) => Number(count));
    expect(uploads.reduce((sum, count) => sum + count, 0)).toBe(81);
    const addresses = query(database, 'SELECT count(*) AS urls FROM image_variants');
    expect(askAs('Every address')).toHaveLength(Number(addresses[0]?.['urls']));
  });

  test('find what changed between two runs, of which the first has no file of its own', () => {
    const [before, after] = query(
      database,
      'SELECT run_id FROM runs WHERE account_id = ? ORDER BY run_id LIMIT 2 OFFSET 2',
      ACCOUNT,
    ).map(({ run_id: id }) => String(id));
    const changes = query(
      database,
      'SELECT image_id AS id, kind FROM changes WHERE run_id = ? ORDER BY id',
      after ?? '',
    );
    expect(changes.map(({ kind }) => kind).sort()).toEqual(['added', 'removed']);
    const runs = { '811': before ?? '', '813': after ?? '' };
    expect(askAs('coalesce(after.id', runs)).toEqual(changes);
    const [first] = query(
      database,
      'SELECT min(run_id) AS id FROM runs WHERE account_id = ?',
      ACCOUNT,
    );
    const changed = askAs('coalesce(after.id', {
      '811': String(first?.['id']),
      '813': before ?? '',
    });
    expect(changed.map(({ kind }) => kind)).toEqual(['changed']);
  });
});
