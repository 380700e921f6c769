import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import Sqlite from 'better-sqlite3';
import { compareMoments } from '../../src/store/comparison.ts';
import { openSnapshot } from '../../src/store/database.ts';
import { explainReading } from '../../src/store/errors.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runOn } from '../support/long-history.ts';
import { imageOf, openStore } from '../support/opened-store.ts';
import { clientOf, run } from '../support/program.ts';
import { page } from '../support/tamper.ts';

test.for([
  ['diff', 'changes'],
  ['diff', 'runs_by_account'],
  ['history a', 'changes'],
  ['status', 'runs'],
] as const)('%s says that the file is damaged', async ([command, table]) => {
  const store = openStore();
  runOn(store, 0, [imageOf('a', 'one')]);
  runOn(store, 1, [imageOf('a', 'two')]);
  store.die();
  page(table)(store.path);
  const { code, stdout, stderr } = await run([...command.split(' '), '--db', store.path]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^image-inventory: the database .* is damaged \(SQLITE_CORRUPT/);
  expect(stderr).toContain('Restore a backup');
});

test.for(['status', 'sync', 'verify', 'export'])(
  '%s says that nobody may look at the file',
  async (command) => {
    // A link to itself: what nobody can look at, not even root.
    const path = join(temporaryFolder(), 'inventory.db');
    symlinkSync(path, path);
    const { code, stdout, stderr } = await run(
      [command, '--db', path],
      clientOf('http://127.0.0.1:1'),
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`the database ${path} cannot be opened: ELOOP`);
    expect(stderr).toContain('Check the permissions');
  },
);

test('what is full when a past is told is the place of temporary files', () => {
  const store = openStore();
  runOn(store, 0, []);
  runOn(
    store,
    1,
    Array.from({ length: 500 }, (_, index) => imageOf(`image ${index}`)),
  );
  const database = openSnapshot(store.path);
  database.pragma('temp.max_page_count = 4');
  const compare = (): unknown =>
    compareMoments(database, undefined, [{ is: 'previous' }, { is: 'latest' }]);
  expect(compare).toThrow(Sqlite.SqliteError);
  try {
    compare();
  } catch (error) {
    expect(explainReading(error, store.path)).toMatchObject({
      code: 'DATABASE_WRITE_FAILED',
      message: expect.stringContaining('no room for temporary files (SQLITE_FULL') as string,
    });
  } finally {
    database.close();
  }
});
