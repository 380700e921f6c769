import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ListAddress } from './floors/pages.ts';
import { measureNode, type Cost } from './measure.ts';
import { sdkVersion } from './peers/sdk-module.ts';
import { runShell, saveForShell, shellVersion } from './peers/shell.ts';
import { runSync } from './program.ts';
import type { Truth } from './truth.ts';
import { verifyLedger, type Finding } from './verify-ledger.ts';
import { verifyImages } from './verify-output.ts';

/** Everything that is measured, in the order of the report. */
export const CONTENDERS = [
  'fetch',
  'parse',
  'insert',
  'first sync',
  'unchanged resync',
  'changed resync',
  'sdk first',
  'sdk again',
  'sqlite3 shell',
] as const;

export type ContenderName = (typeof CONTENDERS)[number];

/** A way to read the list, as whole processes that can be measured again and again. */
export interface Contender {
  readonly name: ContenderName;
  /** Why it cannot run on this machine. */
  readonly skipped?: string;
  /** The database that it writes, if it writes one. */
  readonly database?: string;
  /** Puts everything where it stood before its first run. Not measured. */
  readonly prepare?: () => void;
  readonly run: () => Promise<Cost>;
  /** @throws WrongOutput if the database does not hold what the server has. Not measured. */
  readonly verify?: (truth: Truth) => void;
}

/** Where contenders find the list, the program and a place for files. */
export interface Surroundings {
  readonly list: ListAddress;
  readonly folder: string;
  /** The program's main file. */
  readonly main: string;
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What runs while the account stands still, in this order. */
export async function contendersOfStill(where: Surroundings): Promise<Contender[]> {
  return [
    { name: 'fetch', run: () => runScript('floors/fetch.ts', where) },
    { name: 'parse', run: () => runScript('floors/parse.ts', where) },
    insertFloor(where),
    program('first sync', 'first', where),
    program('unchanged resync', 'unchanged', where),
    sdk('sdk first', where),
    sdk('sdk again', where),
    await shell(where),
  ];
}

/** What runs when images have changed since the last of those, with the file that they left. */
export function contendersOfChanged(where: Surroundings): Contender[] {
  copyFileSync(programDatabase(where), standingDatabase(where));
  return [program('changed resync', 'changed', where)];
}

function insertFloor(where: Surroundings): Contender {
  const database = join(where.folder, 'insert.db');
  return {
    ...{ name: 'insert', database },
    prepare: () => removeDatabase(database),
    run: () => runScript('floors/insert.ts', where, database),
    verify: (truth) => verifyImages(database, truth, 'json-parse'),
  };
}

function program(name: ContenderName, finding: Finding, where: Surroundings): Contender {
  const { folder, main, list } = where;
  const database = programDatabase(where);
  const prepare = {
    first: () => removeDatabase(database),
    unchanged: () => undefined,
    changed: () => {
      removeDatabase(database);
      copyFileSync(standingDatabase(where), database);
    },
  };
  return {
    ...{ name, database },
    prepare: prepare[finding],
    run: () => runSync(main, list, database, folder),
    verify: (truth) => {
      verifyLedger(database, truth, finding);
      verifyImages(database, truth, 'exact');
    },
  };
}

function programDatabase({ folder }: Surroundings): string {
  return join(folder, 'program.db');
}

/** The program's database as it was before images changed. */
function standingDatabase({ folder }: Surroundings): string {
  return join(folder, 'standing.db');
}

function sdk(name: 'sdk first' | 'sdk again', where: Surroundings): Contender {
  const database = join(where.folder, 'sdk.db');
  return {
    ...{ name, database },
    ...(sdkVersion() === undefined && { skipped: 'the SDK is not installed' }),
    ...(name === 'sdk first' && { prepare: () => removeDatabase(database) }),
    run: () => runScript('peers/sdk.ts', where, database),
    verify: (truth) => verifyImages(database, truth, 'json-parse'),
  };
}

async function shell({ list, folder }: Surroundings): Promise<Contender> {
  const database = join(folder, 'shell.db');
  const isThere = shellVersion() !== undefined;
  const commands = isThere ? await saveForShell(list, folder) : '';
  return {
    ...{ name: 'sqlite3 shell', database },
    ...(!isThere && { skipped: 'there is no sqlite3 on the PATH' }),
    prepare: () => removeDatabase(database),
    run: () => runShell(commands, database, folder),
    verify: (truth) => verifyImages(database, truth, 'sqlite-json'),
  };
}

function runScript(name: string, { list, folder }: Surroundings, database = ''): Promise<Cost> {
  const env = { BENCH_LIST: JSON.stringify(list), BENCH_DB: database };
  return measureNode([script(name)], env, folder);
}

function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-lock', '-scan']) {
    rmSync(file + suffix, { force: true });
  }
}
