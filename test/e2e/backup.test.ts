import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import Sqlite from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { imagesAsApi, query } from '../support/inventory.ts';
import { ACCOUNT, run, start, type Env, type Finished, type Launch } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';

/** An account that was read once, and a place for backups. */
interface Backed extends ServedAccount {
  readonly target: string;
  readonly backup: (file?: string, env?: Env, launch?: Launch) => Promise<Finished>;
}

async function serveBacked(images = 100): Promise<Backed> {
  const served = await serveAccount({ images });
  const { sync, close } = openTestSession({ ...served.env, IMAGE_INVENTORY_PER_PAGE: '1000' });
  await sync();
  await close();
  const target = join(served.folder, 'backup.db');
  const backup: Backed['backup'] = (file = target, env = {}, launch = {}) =>
    run(['backup', file], { IMAGE_INVENTORY_DB: served.database, ...env }, served.folder, launch);
  return { ...served, target, backup };
}

const partials = (folder: string): string[] =>
  readdirSync(folder).filter((file) => file.includes('incomplete'));
const DONE = { code: 0, stderr: '' };

describe('a backup', () => {
  test('is told in a line and one for each account, or as JSON; it is proved, and goes on as an inventory', async () => {
    const served = await serveBacked();
    const { target, database, env } = served;
    const told = await served.backup();
    expect(told).toMatchObject(DONE);
    const bytes = readFileSync(target).length.toLocaleString('en-US');
    expect(told.stdout).toBe(`${target}  ${bytes} bytes\n${ACCOUNT}  100 images\n`);
    const json = await run(['--db', database, 'backup', '--json', target]);
    expect(json).toMatchObject(DONE);
    expect(JSON.parse(json.stdout)).toEqual({
      backup: target,
      bytes: readFileSync(target).length,
      accounts: [{ account_id: ACCOUNT, images: 100 }],
    });
    expect(readdirSync(served.folder).filter((file) => file.startsWith('backup'))).toEqual([
      'backup.db',
    ]);

    expect((await run(['verify', '--db', target])).code).toBe(0);
    expect(imagesAsApi(target, ACCOUNT)).toEqual(imagesAsApi(database, ACCOUNT));
    served.account.upload({ id: 'new' });
    expect((await run(['sync', '--db', target], env)).code).toBe(0);
    expect(imagesAsApi(target, ACCOUNT).size).toBe(101);
    expect(query(target, 'PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect((await run(['verify', '--db', target])).code).toBe(0);
  });

  test('is taken beside a process that goes on writing', async () => {
    const served = await serveBacked(3000);
    const { sync } = openTestSession({ ...served.env, IMAGE_INVENTORY_PER_PAGE: '1000' });
    const ended = new AbortController();
    const backups = (async () => {
      for (let round = 0; round < 3; round += 1) {
        expect(await served.backup()).toMatchObject(DONE);
        expect((await run(['verify', '--db', served.target])).code).toBe(0);
      }
    })().finally(() => ended.abort());
    let runs = 0;
    for (; !ended.signal.aborted; runs += 1) {
      served.account.delete(String(served.account.all()[0]?.id));
      served.account.upload({ id: `new/${runs}` });
      expect((await sync()).failure).toBeUndefined();
    }
    await backups;
    expect(runs).toBeGreaterThan(3);
    expect(partials(served.folder)).toEqual([]);
  });

  test('takes the place of an inventory that nobody uses, also behind a link', async () => {
    const served = await serveBacked();
    const link = join(served.folder, 'link.db');
    symlinkSync(served.target, link);
    await served.backup();
    expect((await run(['sync', '--db', served.target], served.env)).code).toBe(0);
    served.account.upload({ id: 'new' });
    await served.sync();
    expect(await served.backup(link)).toMatchObject(DONE);
    expect(imagesAsApi(served.target, ACCOUNT).size).toBe(101);
    expect(readFileSync(link).equals(readFileSync(served.target))).toBe(true);
    expect(partials(served.folder)).toEqual([]);
  });
});

describe('a backup is refused, and nothing is touched,', () => {
  const hold = (file: string, sql: string): void => {
    const database = new Sqlite(file);
    onTestFinished(() => void database.close());
    database.exec(sql);
  };

  test.for<[what: string, says: string, place: (served: Backed) => string | Promise<string>]>([
    ['the database itself', 'is the database itself', ({ database }) => database],
    [
      'the database by a link',
      'is the database itself',
      ({ database, target }) => (symlinkSync(database, target), target),
    ],
    [
      'the database by another name',
      'is the database itself',
      ({ database, target }) => (linkSync(database, target), target),
    ],
    ['its log', 'uses for the database itself', ({ database }) => `${database}-wal`],
    ['its lock', 'uses for the database itself', ({ database }) => `${database}-lock`],
    ['a folder', 'is a folder', ({ target }) => (mkdirSync(target), target)],
    ['no folder', 'has no folder to be in', ({ target }) => join(target, 'backup.db')],
    [
      'a link that leads nowhere',
      'leads nowhere',
      ({ target }) => (symlinkSync(`${target}.gone`, target), target),
    ],
    ['notes', 'is another file', ({ target }) => (writeFileSync(target, 'notes'), target)],
    ['an empty file', 'is another file', ({ target }) => (writeFileSync(target, ''), target)],
    [
      'another program’s database',
      'is another file',
      ({ target }) => {
        hold(target, 'PRAGMA user_version = 3; CREATE TABLE t (a)');
        return target;
      },
    ],
    [
      'an inventory that is being read',
      'is in use',
      async ({ target, backup }) => {
        await backup();
        hold(target, 'BEGIN; SELECT * FROM images');
        return target;
      },
    ],
    [
      'an inventory in WAL mode that is open',
      'is in use',
      async ({ target, backup }) => {
        await backup();
        hold(target, 'PRAGMA journal_mode = WAL; SELECT * FROM images');
        return target;
      },
    ],
    [
      'an inventory with a log that is not written yet',
      'not written yet',
      async ({ target, backup }) => {
        await backup();
        writeFileSync(`${target}-wal`, 'x');
        return target;
      },
    ],
    [
      'a name whose file is gone, but not its journal',
      'not written yet',
      ({ target }) => (writeFileSync(`${target}-journal`, 'x'), target),
    ],
  ])('when its place is that of %s', async ([, says, place]) => {
    const served = await serveBacked();
    const file = await place(served);
    // Reading the file here would give up the locks that this process has on it.
    const state = (): unknown => [
      statSync(served.target, { throwIfNoEntry: false })?.ino,
      statSync(served.target, { throwIfNoEntry: false })?.mtimeMs,
      readdirSync(served.folder).filter((name) => !name.startsWith('inventory.db')),
    ];
    const before = state();
    const { code, stdout, stderr } = await served.backup(file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`the backup ${file}`);
    expect(stderr).toContain(says);
    expect(state()).toEqual(before);
  });

  test('when a daemon writes to what is in its place', async () => {
    const served = await serveBacked();
    await served.backup();
    const daemon = start(['daemon', '--db', served.target], served.env);
    await daemon.logged('sync.finished');
    const { code, stderr } = await served.backup();
    expect(code).toBe(2);
    expect(stderr).toMatch(/in use by another program|not written yet/);
    daemon.child.kill('SIGTERM');
    expect((await daemon.finished).code).toBe(143);
    expect(await served.backup()).toMatchObject(DONE);
  });

  test('when there is nothing to copy', async () => {
    const served = await serveBacked();
    const missing = { IMAGE_INVENTORY_DB: join(served.folder, 'none.db') };
    const { code, stderr } = await served.backup(served.target, missing);
    expect(code).toBe(2);
    expect(stderr).toContain('there is no inventory');
    expect(existsSync(served.target)).toBe(false);
  });
});

/** Loaded into the program's process: sends it a signal when it calls a function with such a path. */
function strikeAt(name: string, signal: NodeJS.Signals): Env {
  const code = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
    const { ${name}: original } = fs;
    fs.${name} = (path, ...rest) => {
      if (String(path).includes('incomplete')) process.kill(process.pid, '${signal}');
      return original(path, ...rest);
    };
    syncBuiltinESMExports();`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

describe.skipIf(process.platform === 'win32')('a backup that is', () => {
  test.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('stopped by %s leaves nothing behind', async ([signal, code]) => {
    const served = await serveBacked();
    await served.backup();
    const before = readFileSync(served.target);
    const stopped = await served.backup(served.target, strikeAt('openSync', signal));
    expect(stopped).toMatchObject({ code, stdout: '', stderr: '' });
    expect(readFileSync(served.target).equals(before)).toBe(true);
    expect(partials(served.folder)).toEqual([]);
  });

  test('killed leaves what was there before, and a file whose name says what it is', async () => {
    const served = await serveBacked();
    await served.backup();
    const before = readFileSync(served.target);
    const killed = await served.backup(served.target, strikeAt('renameSync', 'SIGKILL'));
    expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    expect(readFileSync(served.target).equals(before)).toBe(true);
    expect(partials(served.folder)).toEqual([
      expect.stringMatching(/^backup\.db\.incomplete-[0-9a-f]{8}$/) as string,
    ]);
    expect(await served.backup()).toMatchObject(DONE);
  });

  test.for([100, 400, 1000])(
    'beyond the room on the disk (%i KiB) exits 1 and leaves nothing',
    async (kib) => {
      const served = await serveBacked(3000);
      const limited = ['bash', '-c', `trap "" XFSZ; ulimit -f ${kib}; exec "$@"`, 'bash'];
      const { code, stdout, stderr } = await served.backup(served.target, {}, { through: limited });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(served.target);
      expect(stderr).toContain('Check the disk');
      expect(readdirSync(served.folder).filter((file) => file.startsWith('backup'))).toEqual([]);
    },
  );
});

/** Root may write everything, so as root the program runs as somebody else. */
const NOBODY = process.getuid?.() === 0 ? 65_534 : undefined;
const AS_NOBODY: Launch = NOBODY === undefined ? {} : { user: NOBODY };

describe.skipIf(process.platform === 'win32')('without the right to write', () => {
  test('the folder of a backup: exit 2, and why', async () => {
    const served = await serveBacked();
    const folder = join(served.folder, 'read-only');
    mkdirSync(folder);
    for (const place of [folder, served.folder]) chmodSync(place, 0o555);
    // Who reads a database in WAL mode writes beside it; a closed one in rollback mode is only read.
    statements(served.database);
    const { code, stdout, stderr } = await served.backup(join(folder, 'b.db'), {}, AS_NOBODY);
    chmodSync(served.folder, 0o755);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`the backup ${join(folder, 'b.db')} cannot be made`);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a backup can be read: status and verify, and it is copied from there', async () => {
    const served = await serveBacked();
    const folder = join(served.folder, 'shelf');
    mkdirSync(folder);
    const shelved = join(folder, 'inventory.db');
    expect(await served.backup(shelved)).toMatchObject(DONE);
    chmodSync(shelved, 0o444);
    chmodSync(folder, 0o555);
    chmodSync(served.folder, 0o755);
    for (const command of ['status', 'verify']) {
      const read = await run([command, '--db', shelved], {}, '/', AS_NOBODY);
      expect(read).toMatchObject(DONE);
      expect(read.stdout).toContain('100');
    }
    const mine = join(served.folder, 'mine');
    mkdirSync(mine);
    if (NOBODY !== undefined) chownSync(mine, NOBODY, NOBODY);
    const copied = await run(['backup', join(mine, 'b.db'), '--db', shelved], {}, '/', AS_NOBODY);
    expect(copied).toMatchObject(DONE);
    expect(readdirSync(folder)).toEqual(['inventory.db']);
    chmodSync(folder, 0o755);
  });
});

function statements(database: string): void {
  const opened = new Sqlite(database);
  opened.pragma('journal_mode = DELETE');
  opened.close();
}
