import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openForWriting } from '../../src/store/database.ts';
import { acquireLock, isLocked } from '../../src/store/lock.ts';
import { temporaryFolder } from '../support/folder.ts';

const SINCE = '2026-01-01T00:00:00.000Z';

test('one at a time: the second is told who holds it and since when', () => {
  const path = join(temporaryFolder(), 'inventory.db');
  const first = acquireLock(path, SINCE);
  expect(() => acquireLock(path, '2026-01-02T00:00:00.000Z')).toThrow(
    expect.objectContaining({
      code: 'DATABASE_LOCKED',
      message: expect.stringMatching(`process ${process.pid} on .+, since ${SINCE}`) as string,
    }),
  );
  first.release();
  acquireLock(path, SINCE).release();
});

test('a database has one lock, whatever links lead to it', () => {
  const folder = temporaryFolder();
  const opened = openForWriting(join(folder, 'real.db'), SINCE);
  symlinkSync(join(folder, 'real.db'), join(folder, 'link.db'));
  symlinkSync(folder, join(folder, 'folder'));
  for (const other of ['link.db', 'folder/real.db']) {
    expect(() => openForWriting(join(folder, other), SINCE)).toThrow(
      expect.objectContaining({ code: 'DATABASE_LOCKED' }),
    );
  }
  opened.close();
});

test('nor does a link to a file that is not there yet', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'real'));
  symlinkSync(join(folder, 'real', 'new.db'), join(folder, 'link.db'));
  const first = openForWriting(join(folder, 'link.db'), SINCE);
  for (const other of ['link.db', 'real/new.db']) {
    expect(() => openForWriting(join(folder, other), SINCE)).toThrow(
      expect.objectContaining({ code: 'DATABASE_LOCKED' }),
    );
  }
  first.close();
});

test('a lock file that is damaged is named, and not taken for the database', () => {
  const path = join(temporaryFolder(), 'inventory.db');
  writeFileSync(`${path}-lock`, 'no lock '.repeat(1000));
  expect(() => acquireLock(path, SINCE)).toThrow(
    expect.objectContaining({ message: expect.stringContaining('inventory.db-lock') as string }),
  );
});

test('is seen from outside: held, let go, and where nobody ever wrote', () => {
  const path = join(temporaryFolder(), 'inventory.db');
  expect(isLocked(path)).toBe(false);
  const opened = openForWriting(path, SINCE);
  expect(isLocked(path)).toBe(true);
  symlinkSync(path, `${path}.link`);
  expect(isLocked(`${path}.link`)).toBe(true);
  opened.close();
  expect(isLocked(path)).toBe(false);
  // A copy that came without its lock file.
  copyFileSync(path, `${path}.copy`);
  expect(isLocked(`${path}.copy`)).toBe(false);
});

test('two databases have two locks', () => {
  const folder = temporaryFolder();
  const one = acquireLock(join(folder, 'one.db'), SINCE);
  const two = acquireLock(join(folder, 'two.db'), SINCE);
  one.release();
  two.release();
});
