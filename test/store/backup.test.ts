import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { backupInventory } from '../../src/store/backup.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { query } from '../support/inventory.ts';
import { runOn } from '../support/long-history.ts';
import { imageOf, openStore, openStoreWith, type OpenedStore } from '../support/opened-store.ts';

const never = new AbortController().signal;
const images = Array.from({ length: 4000 }, (_, index) =>
  imageOf(`image/${index}`, 'x'.repeat(4000)),
);

/** An inventory of some 16 MB: it is copied in several steps. */
function largeInventory(): OpenedStore & { readonly folder: string; readonly target: string } {
  const store = openStoreWith(images);
  const folder = dirname(store.path);
  return { ...store, folder, target: join(folder, 'backup.db') };
}

const namesLike = (folder: string, name: string): string[] =>
  readdirSync(folder).filter((file) => file.startsWith(name));
const findings = (path: string): unknown[] =>
  verifyInventory(path, undefined).checks.flatMap((check) => check.findings);

test('a backup is one state, copied once, however often somebody commits meanwhile', async () => {
  const store = largeInventory();
  const { path, target } = store;
  runOn(store, 0, images);
  const seen = query(path, 'SELECT run_id, status FROM runs');
  let steps = 0;
  const backup = await backupInventory(path, target, {
    signal: never,
    onProgress: () => {
      steps += 1;
      if (steps > 100) throw new Error('it begins again and again');
      runOn(store, steps, [...images.slice(steps), imageOf(`new/${steps}`)]);
    },
  });
  expect(steps).toBeGreaterThan(2);
  expect(backup).toEqual({
    path: target,
    bytes: statSync(target).size,
    accounts: [{ accountId: 'acc', images: images.length }],
  });
  expect(query(target, 'SELECT run_id, status FROM runs')).toEqual(seen);
  expect(query(target, 'SELECT count(*) AS n FROM images')).toEqual([{ n: images.length }]);
  expect(query(path, 'SELECT max(run_id) AS last FROM runs')).toEqual([{ last: 2 + steps }]);
  expect(findings(target)).toEqual([]);
  expect(findings(path)).toEqual([]);
});

test('a backup stands by itself', async () => {
  const { path, target, folder } = largeInventory();
  await backupInventory(path, target, { signal: never });
  expect(namesLike(folder, 'backup.db')).toEqual(['backup.db']);
  // Bytes 18 and 19 of the header say how it is written: 1 is a rollback journal, 2 a write-ahead log.
  expect([...readFileSync(target).subarray(18, 20)]).toEqual([1, 1]);
  expect(statSync(target).mode).toBe(statSync(path).mode);
});

/** A group that this user may give a file to, and that new files are not of. */
const OTHER_GROUP =
  process.getuid?.() === 0
    ? 65_534
    : process.getgroups?.().find((group) => group !== process.getegid?.());

test.skipIf(OTHER_GROUP === undefined)(
  'a backup may be read by the group of the database, and by no other',
  async () => {
    const { path } = openStoreWith([imageOf('a')]);
    const target = join(dirname(path), 'backup.db');
    const rights = async (): Promise<number> => {
      await backupInventory(path, target, { signal: never });
      return statSync(target).mode & 0o777;
    };
    chmodSync(path, 0o640);
    expect(await rights()).toBe(0o640);
    chownSync(path, -1, OTHER_GROUP ?? 0);
    expect(await rights()).toBe(0o600);
  },
);

describe('a backup that does not come to its end', () => {
  test('leaves nothing behind when it is stopped, and what was there before stays', async () => {
    const { path, target, folder, ...store } = largeInventory();
    await backupInventory(path, target, { signal: never });
    const before = readFileSync(target);
    runOn({ path, ...store }, 1, images.slice(0, 10));
    const stop = new AbortController();
    const onProgress = (): void => {
      expect(namesLike(folder, 'backup.db.incomplete-')).not.toEqual([]);
      stop.abort(new Error('stopped'));
    };
    const stopped = backupInventory(path, target, { signal: stop.signal, onProgress });
    await expect(stopped).rejects.toThrow('stopped');
    expect(readFileSync(target).equals(before)).toBe(true);
    expect(namesLike(folder, 'backup.db')).toEqual(['backup.db']);
  });

  test.for<[string, string, (target: string) => void]>([
    ['a file', 'is another file already', (target) => writeFileSync(target, 'precious')],
    [
      'an inventory in use',
      'in use by another program',
      (target) => {
        openStore(target).die();
        openStore(target);
      },
    ],
  ])('leaves %s that came to its place while it was copied', async ([, says, come]) => {
    const { path, target, folder } = largeInventory();
    const onProgress = (): void => {
      if (!existsSync(target)) come(target);
    };
    const refused = backupInventory(path, target, { signal: never, onProgress });
    await expect(refused).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(says) as string,
    });
    expect(existsSync(target)).toBe(true);
    expect(namesLike(folder, 'backup.db.incomplete-')).toEqual([]);
  });

  test('of a database that is damaged is no backup', async () => {
    const { path, target, folder, opened, die } = largeInventory();
    const { database } = opened;
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.unsafeMode(true);
    database.pragma('writable_schema = ON');
    database.exec("UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'changes'");
    die();
    await expect(backupInventory(path, target, { signal: never })).rejects.toMatchObject({
      code: 'DATABASE_WRITE_FAILED',
      message: expect.stringContaining('damaged') as string,
    });
    expect(namesLike(folder, 'backup.db')).toEqual([]);
  });
});

test.for(['-lock-journal', '-scan-journal'])(
  'a backup may not be called as a journal, which the next process deletes: %s',
  async (suffix) => {
    const { path, folder } = largeInventory();
    await expect(backupInventory(path, path + suffix, { signal: never })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('uses for the database itself') as string,
    });
    expect(namesLike(folder, 'inventory.db-scan')).toEqual([]);
  },
);

test.for([
  [240, 'USAGE'],
  // Long enough for the copy, too long for its journal.
  [230, 'DATABASE_UNUSABLE'],
] as const)(
  'a backup whose name of %i letters leaves no room for another is refused',
  async ([length, code]) => {
    const { path } = openStoreWith([imageOf('a')]);
    const folder = dirname(path);
    const target = join(folder, 'b'.repeat(length));
    await expect(backupInventory(path, target, { signal: never })).rejects.toMatchObject({ code });
    expect(namesLike(folder, 'b')).toEqual([]);
  },
);

test('what an older version wrote is copied as it is', async () => {
  const { path, target, opened, die } = largeInventory();
  opened.database.pragma('user_version = 2');
  die();
  await backupInventory(path, target, { signal: never });
  const copy = new Sqlite(target, { readonly: true });
  expect(copy.pragma('user_version', { simple: true })).toBe(2);
  copy.close();
  expect(existsSync(`${target}-wal`)).toBe(false);
});
