/**
 * Loaded into a process of the real program (`NODE_OPTIONS=--import=…`), before any of its modules: names
 * what it does to its files and hears from the network, and kills it there, counts it or copies the files.
 *
 * - `CRASH_AT=NAME#N`: SIGKILL just before the N-th event of that name, or the signal that `CRASH_SIGNAL` names.
 * - `CRASH_COUNTS=FILE`: writes how often each name came, as JSON, when the process ends.
 * - `CRASH_COPIES=FOLDER`: copies the database's files at every event, into `0000`, `0001` and so on.
 *
 * A name says what comes next, such as `scan: insert pages` or `db: commit insert stored_images`; an
 * event `… done` follows each commit.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import process, { env, kill, pid } from 'node:process';
import Sqlite from 'better-sqlite3';
import { Dispatcher } from 'undici';
import { filesOf, placeOf } from './database-files.ts';

const { CRASH_AT: crashAt, CRASH_SIGNAL: crashSignal = 'SIGKILL' } = env;
const { CRASH_COUNTS: countsFile, CRASH_COPIES: copies } = env;
const database = env['IMAGE_INVENTORY_DB'] ?? '';
const counts = new Map<string, number>();
let events = 0;

/** The unwrapped ones. */
const { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } = fs;

function reach(name: string): void {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  if (crashAt === `${name}#${count}`) kill(pid, crashSignal);
  if (copies !== undefined) copyInto(join(copies, String(events).padStart(4, '0')));
  events += 1;
}

function copyInto(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const suffix of filesOf.all) {
    const file = database + suffix;
    if (existsSync(file)) copyFileSync(file, placeOf(folder) + suffix);
  }
}

if (countsFile !== undefined) {
  process.on('exit', () => writeFileSync(countsFile, JSON.stringify(Object.fromEntries(counts))));
}

/** `db`, `scan` or `lock`. */
function kindOf(file: string): string {
  if (file.endsWith('-scan')) return 'scan';
  return file.endsWith('-lock') ? 'lock' : 'db';
}

/** The verb and the table of a statement that writes; `undefined` of one that only reads. */
function labelOf(sql: string): string | undefined {
  const match =
    /^\s*(?:--.*\s+)*(insert|update|delete|create table|create index|create unique index|drop index|begin|commit|rollback)(?: or \w+)?(?: into| from| if not exists| if exists| immediate)?(?: (\w+))?/i.exec(
      sql,
    );
  if (match === null) return undefined;
  const [, verb = '', table] = match;
  const isEnd = sql.includes("status = 'complete'");
  return [verb.toLowerCase(), ...(table === undefined ? [] : [table]), ...(isEnd ? ['end'] : [])]
    .join(' ')
    .trim();
}

/** What the transaction under way of each file has written last. */
const lastWritten = new Map<string, string>();

function around<T>(file: string, sql: string, work: () => T): T {
  const label = labelOf(sql);
  if (label === undefined) return work();
  const kind = kindOf(file);
  const isCommit = label === 'commit';
  const name = `${kind}: ${label}${isCommit ? ` ${lastWritten.get(kind) ?? ''}` : ''}`;
  if (!isCommit) lastWritten.set(kind, label);
  reach(name);
  const result = work();
  if (isCommit) reach(`${name} done`);
  return result;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts a wrapper in the place of a method. */
function wrap(
  target: object,
  name: string,
  wrapper: (self: never, args: unknown[], work: () => unknown) => unknown,
): void {
  const methods = target as Record<string, Method>;
  const original = methods[name];
  if (original === undefined) throw new Error(`there is no ${name} to wrap`);
  methods[name] = function (...args) {
    return wrapper(this as never, args, () => original.apply(this, args));
  };
}

const scratch = new Sqlite(':memory:');
const statements = Object.getPrototypeOf(scratch.prepare('SELECT 1')) as object;
scratch.close();

wrap(statements, 'run', ({ source, database: { name } }: Sqlite.Statement, _args, work) =>
  around(name, source, work),
);
wrap(Sqlite.prototype, 'exec', ({ name }: Sqlite.Database, [sql], work) =>
  around(name, String(sql), work),
);
wrap(Sqlite.prototype, 'pragma', ({ name }: Sqlite.Database, [sql], work) => {
  const [, key] = /^(\w+) = /.exec(String(sql)) ?? [];
  if (key !== undefined) reach(`${kindOf(name)}: pragma ${key}`);
  return work();
});
wrap(Sqlite.prototype, 'close', ({ name }: Sqlite.Database, _args, work) => {
  reach(`${kindOf(name)}: close`);
  return work();
});
wrap(Dispatcher.prototype, 'request', async (_self, _args, work) => {
  reach('request');
  const answer = await (work() as Promise<unknown>);
  reach('answer');
  return answer;
});
fs.rmSync = (path, options) => {
  const [, suffix] = /-scan(-?\w*)$/.exec(String(path)) ?? [];
  if (suffix !== undefined) reach(`scan: remove ${suffix || 'file'}`);
  rmSync(path, options);
};
syncBuiltinESMExports();
