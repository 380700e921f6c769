import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openFile } from '../../src/export/file.ts';
import { writeExport } from '../../src/export/write.ts';
import { temporaryFolder } from '../support/folder.ts';

const NEVER = new AbortController().signal;
const pieces = (...texts: readonly string[]): Uint8Array[] =>
  texts.map((text) => Buffer.from(text));

const write = async (file: string, ...texts: readonly string[]): Promise<void> =>
  writeExport(pieces(...texts), [], await openFile(file), NEVER);

describe('a file', () => {
  test('has its name when it is whole, and not before', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.csv');
    const destination = await openFile(file);
    const seen: (readonly string[])[] = [];
    const watched = (function* () {
      for (const piece of pieces('one', 'two')) {
        yield piece;
        seen.push(readdirSync(folder));
      }
    })();
    await writeExport(watched, [], destination, NEVER);
    expect(seen).toHaveLength(2);
    for (const names of seen)
      expect(names).toEqual([expect.stringMatching(/^\.a\.csv\.incomplete-/)]);
    expect(readFileSync(file, 'utf8')).toBe('onetwo');
    expect(readdirSync(folder)).toEqual(['a.csv']);
    expect(destination.name).toBe(file);
    const usual = join(temporaryFolder(), 'usual');
    writeFileSync(usual, '');
    expect(statSync(file).mode).toBe(statSync(usual).mode);
  });

  test('that was there is as it was if anything fails, and nothing is left', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.csv');
    writeFileSync(file, 'before');
    const failing = (function* () {
      yield Buffer.from('half');
      throw new Error('a row cannot be read');
    })();
    const written = writeExport(failing, [], await openFile(file), NEVER);
    await expect(written).rejects.toThrow('a row cannot be read');
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(folder)).toEqual(['a.csv']);
  });

  test('is not made if it is stopped, and reading ends', async () => {
    const folder = temporaryFolder();
    const controller = new AbortController();
    let isClosed = false;
    const endless = (function* () {
      try {
        for (let count = 0; ; count += 1) {
          yield Buffer.from('more');
          if (count === 3) controller.abort(new Error('enough'));
        }
      } finally {
        isClosed = true;
      }
    })();
    const destination = await openFile(join(folder, 'a.csv'));
    const written = writeExport(endless, [], destination, controller.signal);
    await expect(written).rejects.toThrow('enough');
    expect(readdirSync(folder)).toEqual([]);
    expect(isClosed).toBe(true);
  });

  test('replaces what is behind a link, and may be read by nobody else', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    const real = join(folder, 'real', 'a.csv');
    const link = join(folder, 'link.csv');
    writeFileSync(real, 'before');
    chmodSync(real, 0o600);
    symlinkSync(real, link);
    await write(link, 'after');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toBe('after');
    expect(statSync(real).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['link.csv', 'real']);
  });

  test('takes away what killed processes left of it an hour ago, and nothing else', async () => {
    const folder = temporaryFolder();
    const old = new Date(Date.now() - 61 * 60 * 1000);
    const names = ['.a.csv.incomplete-1', '.b.csv.incomplete-2', 'a.csv.incomplete-3'];
    for (const name of names) {
      writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), old, old);
    }
    writeFileSync(join(folder, '.a.csv.incomplete-4'), '');
    await write(join(folder, 'a.csv'), 'x');
    expect(readdirSync(folder).sort()).toEqual([
      '.a.csv.incomplete-4',
      '.b.csv.incomplete-2',
      'a.csv',
      'a.csv.incomplete-3',
    ]);
  });
});

test('an export that is stopped in a pause does not wait for the next piece', async () => {
  const folder = temporaryFolder();
  const stop = new AbortController();
  const reason = new Error('stopped');
  let taken = 0;
  const work = (function* () {
    for (; taken < 1000; taken += 1) {
      if (taken === 3) stop.abort(reason);
      yield new Uint8Array();
    }
  })();
  const destination = await openFile(join(folder, 'a.parquet'));
  await expect(writeExport(work, [], destination, stop.signal)).rejects.toBe(reason);
  expect(taken).toBe(3);
  expect(readdirSync(folder)).toEqual([]);
});

describe('what an export may not replace is refused', () => {
  const refused = async (file: string, problem: string): Promise<void> => {
    await expect(openFile(file)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(problem) as string,
    });
  };

  test('a folder, and a name in a folder that is not there', async () => {
    const folder = temporaryFolder();
    await refused(folder, 'is a folder');
    await refused(join(folder, 'new/'), 'is a folder');
    await refused(join(folder, 'no', 'a.csv'), 'has no folder to be in');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a SQLite database, also one that came while it was written', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.csv');
    const destination = await openFile(file);
    const database = new Sqlite(file);
    database.exec('CREATE TABLE t (a)');
    database.close();
    const before = readFileSync(file);
    await refused(file, 'is a SQLite database');
    const written = writeExport(pieces('x'), [], destination, NEVER);
    await expect(written).rejects.toMatchObject({ code: 'USAGE' });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['a.csv']);
  });

  test('a name that is too long', async () => {
    await refused(join(temporaryFolder(), 'x'.repeat(250)), 'cannot be made');
  });
});

describe.skipIf(process.platform === 'win32')('a pipe or a device', () => {
  test('is written to, and stays what it is', async () => {
    const pipe = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [read] = await Promise.all([readFile(pipe, 'utf8'), write(pipe, 'a', 'b')]);
    expect(read).toBe('ab');
    expect(statSync(pipe).isFIFO()).toBe(true);
    await write('/dev/null', 'x');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test.runIf(existsSync('/dev/full'))('that takes nothing fails the export', async () => {
    await expect(write('/dev/full', 'x')).rejects.toMatchObject({
      code: 'EXPORT_FAILED',
      message: expect.stringContaining('/dev/full failed: ENOSPC') as string,
    });
  });
});
