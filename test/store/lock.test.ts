import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock } from '../../src/store/lock.ts';
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

test('two databases have two locks', () => {
  const folder = temporaryFolder();
  const one = acquireLock(join(folder, 'one.db'), SINCE);
  const two = acquireLock(join(folder, 'two.db'), SINCE);
  one.release();
  two.release();
});
