import type { Database } from 'better-sqlite3';
import { hasVisibleImages, isMadeLater } from '../first-load.ts';
import { latestSchema, readSchema } from '../migrate.ts';
import type { Check } from './check.ts';

/** Asks SQLite whether its own structures are sound: every page, row, index and constraint. */
export function checkIntegrity(database: Database, check: Check): void {
  const pages = database.prepare<[], number>('PRAGMA page_count').pluck().get() ?? 0;
  check.count(pages, 'page');
  const answers = database.prepare<[], string>('PRAGMA integrity_check(1000)').pluck();
  for (const answer of answers.iterate()) {
    if (answer === 'ok') continue;
    for (const line of answer.split('\n')) check.find(line);
  }
}

/** Compares tables, indexes, views and triggers with those that the migrations make. What somebody added is their own affair. */
export function checkSchema(database: Database, check: Check): void {
  const found = new Map(readSchema(database).map((object) => [object.name, object]));
  const expected = latestSchema();
  const isFirstLoad = !hasVisibleImages(database);
  check.count(expected.length, 'object');
  for (const { type, name, sql } of expected) {
    const object = found.get(name);
    if (object === undefined && isFirstLoad && isMadeLater(name)) continue;
    if (object === undefined) check.find(`the ${type} ${name} is missing`);
    else if (object.sql !== sql) check.find(`the ${type} ${name} was altered`);
  }
}

interface DanglingReference {
  readonly table: string;
  readonly rowid: number | null;
  readonly parent: string;
}

/** Asks SQLite whether every reference leads to a row. */
export function checkForeignKeys(database: Database, check: Check): void {
  const tables = database
    .prepare<[], number>(
      `SELECT count(DISTINCT m.name) FROM sqlite_schema AS m
       JOIN pragma_foreign_key_list(m.name) WHERE m.type = 'table'`,
    )
    .pluck()
    .get();
  check.count(tables ?? 0, 'table');
  const dangling = database.prepare<[], DanglingReference>('PRAGMA foreign_key_check');
  for (const { table, rowid, parent } of dangling.iterate()) {
    check.find(`row ${rowid ?? '?'} of ${table} refers to a row that ${parent} does not have`);
  }
}
