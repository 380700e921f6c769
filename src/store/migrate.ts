import { readdirSync, readFileSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { Failure } from '../inventory/failure.ts';

/** Marks a SQLite file as an inventory: "IMGI" in ASCII. */
export const APPLICATION_ID = 0x494d4749;

const FOLDER = new URL('../../migrations/', import.meta.url);

/** One step of the schema: the file `NNNN_name.sql` brings a database from version NNNN − 1 to NNNN. */
interface Migration {
  readonly version: number;
  readonly file: string;
}

function migrations(): readonly Migration[] {
  return readdirSync(FOLDER)
    .filter((file) => /^\d{4}_\w+\.sql$/.test(file))
    .sort()
    .map((file) => ({ version: Number(file.slice(0, 4)), file }));
}

/** The schema version that this program writes. */
export function latestVersion(): number {
  return migrations().at(-1)?.version ?? 0;
}

/**
 * Refuses a database that is not an inventory, or one of a later schema than this program knows.
 *
 * @returns The version of the database's schema; 0 for an empty file.
 */
export function checkVersion(database: Database, path: string): number {
  const applicationId = database.pragma('application_id', { simple: true });
  const version = Number(database.pragma('user_version', { simple: true }));
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
  if (applicationId !== APPLICATION_ID && !isEmpty) {
    throw new Failure('DATABASE_UNUSABLE', `${path} is a SQLite database of another program`, {
      hint: 'Name another file with --db or IMAGE_INVENTORY_DB.',
    });
  }
  if (version === 0 && !isEmpty) {
    throw new Failure('DATABASE_UNUSABLE', `${path} is an inventory without its schema version`, {
      hint: 'Something else has altered it: restore a backup, or name another file with --db.',
    });
  }
  if (version > latestVersion()) {
    throw new Failure(
      'DATABASE_TOO_NEW',
      `${path} has schema version ${version}, this program knows versions up to ${latestVersion()}`,
      { hint: 'Use the newer image-inventory that wrote it, or name another file with --db.' },
    );
  }
  return version;
}

/** A table, index, view or trigger, and the statement that makes it. */
export interface SchemaObject {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** What a database holds that one can make oneself: SQLite's own objects, and the tables behind its full-text index, are left out. */
export function readSchema(database: Database): readonly SchemaObject[] {
  return database
    .prepare<[], SchemaObject>(
      `SELECT type, name, sql FROM sqlite_schema
       WHERE sql IS NOT NULL AND substr(name, 1, 7) <> 'sqlite_'
         AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
       ORDER BY type, name`,
    )
    .all();
}

/** The schema that all migrations together make. */
export function latestSchema(): readonly SchemaObject[] {
  const fresh = new Sqlite(':memory:');
  try {
    migrate(fresh, ':memory:');
    return readSchema(fresh);
  } finally {
    fresh.close();
  }
}

/** Told of the version that a file has, and of the one that it is about to be brought to. */
export type OnMigrate = (from: number, to: number) => void;

/**
 * Brings the schema up to date: all missing steps in one transaction, or none.
 *
 * @param onMigrate - Told before a file that has something in it is changed, since that may take a while.
 */
export function migrate(
  database: Database,
  path: string,
  onMigrate: OnMigrate = () => undefined,
): void {
  const version = checkVersion(database, path);
  const missing = migrations().filter((migration) => migration.version > version);
  if (missing.length === 0) return;
  if (version > 0) onMigrate(version, latestVersion());
  database
    .transaction(() => {
      for (const { file } of missing) database.exec(readFileSync(new URL(file, FOLDER), 'utf8'));
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${latestVersion()}`);
    })
    .immediate();
}
