import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process, { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { readParquet } from 'parquet-wasm';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { printable } from '../../src/inventory/printable.ts';
import { HOSTILE_TEXTS } from '../export/hostile.ts';
import { query } from '../support/inventory.ts';
import { ACCOUNT, run, runWithStdout, start, type Finished } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';

/** An account that was read, and how its inventory is exported. */
interface Exported extends ServedAccount {
  readonly again: () => Promise<void>;
  readonly export: (...args: readonly string[]) => Promise<Finished>;
  /** The path of a file in the folder of exports, and what is in that folder. */
  readonly at: (name: string) => string;
  readonly names: () => string[];
}

async function serveExported(images = 30, hostile: readonly string[] = []): Promise<Exported> {
  const served = await serveAccount({ images });
  for (const text of hostile)
    served.account.upload({ filename: text, creator: text, meta: { [text]: text } });
  const again = async (): Promise<void> => {
    const { sync, close } = openTestSession({ ...served.env, IMAGE_INVENTORY_PER_PAGE: '10000' });
    await sync();
    await close();
  };
  await again();
  return {
    ...served,
    again,
    export: (...args) =>
      run(['export', ...args], { IMAGE_INVENTORY_DB: served.database }, served.folder),
    at: (name) => join(served.folder, name),
    names: () => readdirSync(served.folder).filter((name) => !name.startsWith('inventory.db')),
  };
}

const DONE = { code: 0, stderr: '' };
const lines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const ids = (text: string): unknown[] => lines(text).map(({ id }) => id);

describe('an export', () => {
  test('goes to standard output as CSV, and nothing else does', async () => {
    const { export: run, database } = await serveExported();
    const told = await run();
    expect(told).toMatchObject(DONE);
    const rows = parse<Record<string, string>>(told.stdout, { columns: true });
    const stored = query(database, 'SELECT * FROM images ORDER BY uploaded');
    expect(Object.keys(rows[0] ?? {})).toEqual(Object.keys(stored[0] ?? {}));
    expect(rows).toEqual(
      stored.map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, cell]) => [key, String(cell ?? '')])),
      ),
    );
    expect((await run('--output', '-')).stdout).toBe(told.stdout);
    expect((await run('--output', '/dev/stdout')).stdout).toBe(told.stdout);
  });

  test('goes to a file in the format of its name, and is told', async () => {
    const { export: run, at, names } = await serveExported();
    const told = await run('--output', 'a.jsonl');
    expect(told).toMatchObject(DONE);
    const size = readFileSync(at('a.jsonl')).length.toLocaleString('en-US');
    const [title, account, ...rest] = told.stdout.split('\n');
    expect(title).toBe(`${at('a.jsonl')}  ${size} bytes  30 images`);
    expect(account).toMatch(new RegExp(`^${ACCOUNT}  30 images  run 1  \\d{4}-.*Z$`));
    expect(rest).toEqual(['']);
    const { stdout } = await run('--format', 'jsonl');
    expect(readFileSync(at('a.jsonl'), 'utf8')).toBe(stdout);
    await run('--output', 'a.txt', '--format', 'jsonl');
    expect(readFileSync(at('a.txt'), 'utf8')).toBe(stdout);
    expect(names().sort()).toEqual(['a.jsonl', 'a.txt']);
  });

  test('is compressed as its name says, for the tools of everybody', async () => {
    const { export: run, at } = await serveExported();
    const { stdout } = await run('--format', 'csv');
    expect(await run('--output', 'a.csv.gz')).toMatchObject(DONE);
    expect(await run('--output', 'a.csv.zst')).toMatchObject(DONE);
    expect(execFileSync('gzip', ['-dc', at('a.csv.gz')], { encoding: 'utf8' })).toBe(stdout);
    const isThere = spawnSync('zstd', ['--version']).status === 0;
    if (isThere)
      expect(execFileSync('zstd', ['-dc', at('a.csv.zst')], { encoding: 'utf8' })).toBe(stdout);
  });

  test('as Parquet says of which runs it is', async () => {
    const { export: run, at } = await serveExported();
    expect(await run('--output', 'a.parquet', '--where', 'id IS NOT NULL')).toMatchObject(DONE);
    const { numRows, schema } = tableFromIPC(
      readParquet(readFileSync(at('a.parquet'))).intoIPCStream(),
    );
    expect(numRows).toBe(30);
    expect(schema.metadata.get('image_inventory.where')).toBe('id IS NOT NULL');
    expect(JSON.parse(schema.metadata.get('image_inventory.accounts') ?? '')).toEqual([
      expect.objectContaining({ account_id: ACCOUNT, run_id: 1 }),
    ]);
  });

  test('has only the columns and the images that were asked for', async () => {
    const { export: run, database } = await serveExported();
    const [first] = query(database, 'SELECT id FROM images ORDER BY id LIMIT 1');
    const id = String(first?.['id']);
    const told = await run('--columns', 'uploaded, id', '--where', `id = '${id}'`);
    expect(told).toMatchObject(DONE);
    expect(told.stdout).toMatch(new RegExp(`^uploaded,id\r\n[^,]+,${id}\r\n$`));
  });

  test('is of the past, or of what is gone', async () => {
    const { export: run, account, again } = await serveExported();
    const before = (await run('--format', 'jsonl')).stdout;
    const [gone] = account.all();
    account.delete(gone?.id ?? '');
    await again();
    const after = ids((await run('--format', 'jsonl')).stdout);
    expect(after).toHaveLength(29);
    expect((await run('--format', 'jsonl', '--as-of', '1')).stdout).toBe(before);
    expect((await run('--format', 'jsonl', '--as-of', 'previous')).stdout).toBe(before);
    const removed = lines((await run('--format', 'jsonl', '--removed')).stdout);
    expect(removed).toMatchObject([{ id: gone?.id, removed_run: 2 }]);
  });
});

describe('what makes no sense is refused, with exit code 2', () => {
  test.each([
    [['--safe', '--format', 'jsonl'], '--safe is for CSV'],
    [['--output', 'a.parquet', '--safe'], '--safe is for CSV'],
    [['--output', 'a.parquet.gz'], 'compressed inside'],
    [['--output', ''], 'the name of the output is empty'],
    [['--format', 'xml'], 'xml'],
    [['--columns', 'id,size'], 'there is no column "size"'],
    [['--columns', 'id,id'], 'named twice'],
    [['--where', 'id = '], 'the condition cannot be asked'],
    [['--where', ' '], 'the condition is empty'],
    [
      ['--where', 'zeroblob(2000000000) IS NULL'],
      'the condition cannot be asked: string or blob too big',
    ],
    [['--output', 'a.json'], 'no format is written by the name'],
    [['--output', `${'a'.repeat(300)}.csv`], 'its name is too long'],
    [['--output', `${'a'.repeat(245)}.csv`], 'its name is too long'],
    [['--as-of', 'once'], '"once" is no moment'],
    [['--as-of', '77'], 'there is no run 77'],
    [['--output', '.'], 'is a folder'],
    [['--output', 'no/a.csv'], 'has no folder to be in'],
    [['--output', 'inventory.db'], 'is the database itself'],
    [['--output', 'inventory.db-wal'], 'is the database itself'],
    [['--output', 'inventory.db-scan'], 'is the database itself'],
  ])('%j', async (args, problem) => {
    const { export: run, names } = await serveExported(3);
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toContain(problem);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(names()).toEqual([]);
  });

  test("a condition, in no words but the user's own", async () => {
    const { export: run } = await serveExported(3);
    const { stderr } = await run('--where', "creator = 'acme");
    expect(stderr).toContain(`the condition cannot be asked: unrecognized token: "'acme`);
    expect(stderr).not.toContain('LIMIT');
  });

  test('the database behind a link', async () => {
    const { export: run, at, database } = await serveExported(3);
    symlinkSync(database, at('a.csv'));
    expect(await run('--output', 'a.csv')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is the database itself') as string,
    });
  });
});

describe('hostile text', () => {
  test('is harmless in a .csv file, which is said; elsewhere it is as it was', async () => {
    const { export: run, at } = await serveExported(0, HOSTILE_TEXTS);
    const read = (csv: string): string[] =>
      parse<Record<string, string>>(csv, { columns: true, record_delimiter: '\r\n' }).map(
        (row) => row['filename'] ?? '',
      );
    const formulas = HOSTILE_TEXTS.filter((text) =>
      /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text),
    );
    const safe = await run('--output', 'a.csv');
    expect(safe.code).toBe(0);
    expect(safe.stderr).toMatch(
      /^image-inventory: 24 cells have a "'" before a formula now, .*\n$/,
    );
    expect(read(readFileSync(at('a.csv'), 'utf8')).sort()).toEqual(
      HOSTILE_TEXTS.map((text) =>
        formulas.includes(text) ? `'${text.replace(/([\t\r\n])=/, "$1'=")}` : text,
      ).sort(),
    );
    expect(await run('--output', 'a.csv', '--no-safe')).toMatchObject(DONE);
    expect(read(readFileSync(at('a.csv'), 'utf8')).sort()).toEqual([...HOSTILE_TEXTS].sort());
    expect(read((await run()).stdout).sort()).toEqual([...HOSTILE_TEXTS].sort());
    expect((await run('--safe')).stderr).toContain('24 cells');
  });

  test('comes through JSON Lines and Parquet as it was', async () => {
    const { export: run, at } = await serveExported(0, HOSTILE_TEXTS);
    const sorted = [...HOSTILE_TEXTS].sort();
    const told = lines((await run('--format', 'jsonl')).stdout);
    expect(told.map(({ filename }) => filename).sort()).toEqual(sorted);
    await run('--output', 'a.parquet', '--columns', 'filename');
    const table = tableFromIPC(readParquet(readFileSync(at('a.parquet'))).intoIPCStream());
    const names = [...(table.getChild('filename') ?? [])].map(String);
    // Arrow's JavaScript drops a byte order mark where it decodes.
    expect(names.sort()).toEqual(sorted.map((text) => (text === '\ufeff' ? '' : text)).sort());
  });

  test('is shown on a terminal, and not obeyed; Parquet is not shown', async () => {
    const { env, database } = await serveExported(0, HOSTILE_TEXTS);
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
    const onTerminal = (args: string): { status: number | null; stdout: string } =>
      spawnSync('script', ['-qec', `'${execPath}' '${main}' export ${args}`, '/dev/null'], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], ...env, IMAGE_INVENTORY_DB: database },
        input: '',
      });
    if (spawnSync('script', ['--version']).status !== 0) return;
    for (const format of ['csv', 'jsonl']) {
      const { status, stdout } = onTerminal(`--format ${format}`);
      expect(status).toBe(0);
      const shown = stdout.split('\n').map((line) => line.replace(/\r+$/, ''));
      expect(shown.map(printable)).toEqual(shown);
      expect(shown.join()).toContain('\\u001b[2J');
    }
    const { status, stdout } = onTerminal('--format parquet');
    expect(status).toBe(2);
    expect(stdout).toContain('the output is a terminal');
  });
});

describe('an export that does not come to its end', () => {
  /** Starts an export of many images, and waits until it has begun to write. */
  const begun = async (served: Exported, name: string) => {
    const watcher = watch(served.folder);
    const started = start(
      ['export', '--output', name],
      { IMAGE_INVENTORY_DB: served.database },
      served.folder,
    );
    for (;;) {
      const [, changed] = (await once(watcher, 'change')) as [string, string];
      if (changed.startsWith(`.${name}.incomplete-`)) break;
    }
    watcher.close();
    return started;
  };

  test('because it is killed leaves no file of its name, and the next one is whole', async () => {
    const served = await serveExported(20_000);
    const { child, finished } = await begun(served, 'a.csv');
    child.kill('SIGKILL');
    expect(await finished).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    expect(existsSync(served.at('a.csv'))).toBe(false);
    expect((await served.export('--output', 'a.csv')).code).toBe(0);
    expect(readFileSync(served.at('a.csv'), 'utf8').split('\r\n')).toHaveLength(20_002);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('because of %s leaves what was there', async (signal, code) => {
    const served = await serveExported(20_000);
    writeFileSync(served.at('a.csv'), 'before');
    const { child, finished } = await begun(served, 'a.csv');
    child.kill(signal);
    expect(await finished).toMatchObject({ code, stdout: '', stderr: '' });
    expect(served.names()).toEqual(['a.csv']);
    expect(readFileSync(served.at('a.csv'), 'utf8')).toBe('before');
  });

  test('because nobody reads any more ends quietly', async () => {
    const served = await serveExported(20_000);
    const { child, finished } = start(['export'], { IMAGE_INVENTORY_DB: served.database });
    await once(child.stdout ?? child, 'data');
    child.stdout?.destroy();
    expect(await finished).toMatchObject(DONE);
  });

  test.runIf(existsSync('/dev/full'))('because the disk is full says so', async () => {
    const { database } = await serveExported(3);
    const full = openSync('/dev/full', 'w');
    const told = await runWithStdout(['export'], { IMAGE_INVENTORY_DB: database }, full);
    closeSync(full);
    expect(told.code).toBe(1);
    expect(told.stderr).toMatch(/^image-inventory: the output cannot be written: .*ENOSPC.*\n$/);
  });
});
