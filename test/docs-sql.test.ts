import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Sqlite, { type Database } from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Emulator } from '../src/emulator/server.ts';
import { verifyInventory } from '../src/store/verify/verify.ts';
import { makeFolder } from './support/folder.ts';
import { ACCOUNT, clientOf } from './support/program.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = [
  ...['README.md', 'docs/operating.md', 'docs/webhook.md', 'docs/design.md'],
  ...['docs/reliability.md', 'deploy/README.md', 'CONTRIBUTING.md'],
];
const OTHER = 'fedcba9876543210fedcba9876543210';

interface Statement {
  readonly page: string;
  readonly sql: string;
}

/** Every query of a page: in SQL blocks, between the quotes of a `sqlite3` command, and in the text. */
function statementsOf(page: string): readonly Statement[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/^```sql\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block.split(/;\s*\n/),
  );
  const commands = [...text.matchAll(/sqlite3 [^"\n]*"([^"]+)"/g)].map(([, sql = '']) => sql);
  const inText = [...text.matchAll(/`(SELECT [^`]+)`/g)].map(([, sql = '']) => sql);
  // As the demonstration prints them.
  const printed = [...text.matchAll(/(?<=^-- .+\n)(SELECT .+;)$/gm)].map(([, sql = '']) => sql);
  const found = [...blocks, ...commands, ...inText, ...printed].map((sql) =>
    sql.replaceAll(/^--.*\n|;\s*$/gm, '').trim(),
  );
  return [...new Set(found)].filter((sql) => sql !== '').map((sql) => ({ page, sql }));
}

const STATEMENTS = PAGES.flatMap(statementsOf).filter(({ sql }) => !sql.startsWith('INSERT'));

/** The one statement that holds a text. */
function statementWith(page: string, text: string): string {
  const [found, ...others] = statementsOf(page).filter(({ sql }) => sql.includes(text));
  if (found === undefined || others.length > 0) throw new Error(`not one statement: ${text}`);
  return found.sql;
}

let folder: string;
let emulator: Emulator;
let database: Database;
/** The run of the account that found changes. */
let changing: number;

/** A row of a table as an object. */
type Row = Readonly<Record<string, unknown>>;

/** What a statement of a page says of the inventory; `812` stands for the run that found changes. */
function ask(sql: string): readonly Row[] {
  return database.prepare(sql.replace(/\b812\b/g, String(changing))).all() as Row[];
}

/** An inventory of two accounts, each with a full run, changes of three kinds, another full run and a quick run. */
beforeAll(async () => {
  folder = makeFolder();
  const accounts = [ACCOUNT, OTHER].map((id, index) => ({ id, images: 300, seed: index + 1 }));
  emulator = new Emulator({ accounts });
  const env = {
    ...clientOf(await emulator.listen()),
    CLOUDFLARE_ACCOUNT_ID: `${ACCOUNT},${OTHER}`,
    IMAGE_INVENTORY_DB: join(folder, 'inventory.db'),
  };
  const sync = (...args: string[]): Promise<unknown> =>
    promisify(execFile)(process.execPath, [join(ROOT, 'src/cli/main.ts'), 'sync', ...args], {
      env,
    });
  await sync();
  for (const id of [ACCOUNT, OTHER]) changeImages(id);
  await sync();
  for (const id of [ACCOUNT, OTHER]) emulator.account(id).upload({ id: `quick/${id}` });
  await sync('--quick');
  database = new Sqlite(join(folder, 'inventory.db'), { readonly: true });
  changing = database
    .prepare("SELECT max(run_id) FROM runs WHERE account_id = ? AND mode = 'full'")
    .pluck()
    .get(ACCOUNT) as number;
});

function changeImages(id: string): void {
  const account = emulator.account(id);
  const ids = account.all().map((image) => image.id);
  for (const gone of ids.slice(0, 2)) account.delete(gone);
  for (const patched of ids.slice(2, 5)) account.patch(patched, { meta: { album: 'banner' } });
  for (const name of ['a', 'b', 'c', 'd']) account.upload({ id: `${name}/${id}`, creator: null });
}

afterAll(async () => {
  database.close();
  await emulator.close();
  await rm(folder, { recursive: true });
});

test('there are statements to try', () => {
  expect(STATEMENTS.length).toBeGreaterThan(8);
});

test.for(STATEMENTS.map(({ page, sql }) => [page, sql] as const))('%s: %s', ([, sql]) => {
  expect(ask(sql)).not.toEqual([]);
  // Without it SQLite answers with one row, whose other columns are of any row.
  if (/\bcount\(/.test(sql)) expect(sql).toMatch(/GROUP BY/);
});

test('docs/operating.md: the full-text index is made anew', () => {
  const copy = join(folder, 'copy.db');
  database.exec(`VACUUM INTO '${copy}'`);
  const written = new Sqlite(copy);
  const found = (): unknown =>
    written.prepare("SELECT id FROM search WHERE search MATCH 'banner' ORDER BY id").all();
  const before = found();
  expect(before).not.toEqual([]);
  written.exec("INSERT INTO images_text (images_text) VALUES ('delete-all')");
  expect(found()).toEqual([]);
  written.exec(statementWith('docs/operating.md', 'delete-all'));
  expect(found()).toEqual(before);
  written.close();
  expect(verifyInventory(copy, undefined).checks.flatMap(({ findings }) => findings)).toEqual([]);
});

describe('what the statements seem to say', () => {
  const all = (sql: string): readonly Row[] => database.prepare(sql).all() as Row[];

  test.for([
    ['README.md', 'min(uploaded)'],
    ['README.md', 'SELECT creator, count(*) FROM'],
    ['README.md', "coalesce(creator, '(nobody)')"],
  ] as const)('%s: %s is counted for each creator', ([page, text]) => {
    const images = all('SELECT creator, uploaded FROM images');
    const answer = ask(statementWith(page, text));
    const owner = (creator: unknown): unknown => (creator === '(nobody)' ? null : creator);
    expect(answer.length).toBeGreaterThan(2);
    for (const row of answer) {
      const own = images.filter(({ creator }) => creator === owner(row['creator']));
      expect(row['images'] ?? row['count(*)']).toBe(own.length);
      const uploaded = own.map((image) => String(image['uploaded'])).sort();
      if ('first' in row)
        expect([row['first'], row['last']]).toEqual([uploaded[0], uploaded.at(-1)]);
    }
  });

  test('what a mass change was: one row for each run and kind, of one account', () => {
    const answer = ask(statementWith('docs/operating.md', 'GROUP BY run_id, kind'));
    expect(answer.map(({ run_id, kind, images }) => [run_id, kind, images])).toEqual([
      [changing, 'added', 4],
      [changing, 'changed', 3],
      [changing, 'removed', 2],
      [expect.any(Number), 'added', 1],
    ]);
    for (const { run_id, kind, example, diff } of answer) {
      expect(all('SELECT run_id, kind, image_id AS example, diff FROM changes')).toContainEqual({
        run_id,
        kind,
        example,
        diff,
      });
    }
  });

  test('how the last full runs of an account ended', () => {
    const answer = ask(statementWith('docs/operating.md', 'error_code'));
    const full = all(
      `SELECT run_id FROM runs WHERE account_id = '${ACCOUNT}' AND mode = 'full' ORDER BY run_id DESC`,
    );
    expect(full).toHaveLength(2);
    expect(answer.map(({ run_id }) => ({ run_id }))).toEqual(full);
  });
});
