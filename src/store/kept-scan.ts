import { existsSync, rmSync } from 'node:fs';
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import type { ReadPage } from '../sync/ports/pages.ts';
import { explained } from './errors.ts';
import { fromStretches, toStretches } from './stretches.ts';

/** Whose pages are kept, and what they are good for. */
export interface ScanIdentity {
  readonly accountKey: number;
  readonly runId: number;
  /** The run's start, as the ledger writes it: a restored backup may give its number to another run. */
  readonly runStartedAt: string;
  /** When the oldest page may have been read, in milliseconds since 1970. */
  readonly begunAt: number;
  /** Everything that decides what a page holds. */
  readonly scope: string;
  /** The run's own rows start here. */
  readonly firstRow: number;
  /** How often the run has begun anew. */
  readonly epoch: number;
  /** How many images the account stated; `undefined` if it did not. */
  readonly expected: number | undefined;
}

/** A page, with the rows that it showed, and the number of the last transaction that staged anything of it. */
export interface KeptPage extends ReadPage {
  readonly rows: Uint32Array;
  readonly sequence: number;
}

/** In the order of their names. */
const TABLES = [
  `CREATE TABLE pages (
    account_key INTEGER NOT NULL, list INTEGER NOT NULL, number INTEGER NOT NULL, count INTEGER NOT NULL,
    next TEXT, is_numbered INTEGER NOT NULL, stretches BLOB NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (account_key, list, number)
  ) STRICT`,
  `CREATE TABLE scans (
    account_key INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, run_started_at TEXT NOT NULL,
    begun_at INTEGER NOT NULL, scope TEXT NOT NULL, first_row INTEGER NOT NULL, epoch INTEGER NOT NULL,
    expected INTEGER
  ) STRICT`,
];

/**
 * What a run under way has read, so that the next one can go on behind it: a small SQLite file beside the
 * database (`…-scan`) that is there only while there is something in it. It is kept apart so that a run of an
 * unchanged account leaves the database as it was.
 *
 * The lock's holder alone touches it. It may be lost, or be older or newer than the database, without harm.
 */
export class KeptScans {
  readonly #path: string;
  #database: Database | undefined;
  /** Prepared once: it runs for every page of a list. */
  #keepPage: Statement | undefined;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-scan`;
    this.#database = existsSync(this.#path) ? this.#openOrDiscard() : undefined;
  }

  /** The accounts of which anything is kept. */
  accounts(): readonly number[] {
    const keys = this.#database?.prepare<[], number>('SELECT account_key FROM scans').pluck().all();
    return keys ?? [];
  }

  find(accountKey: number): ScanIdentity | undefined {
    const row = this.#database
      ?.prepare<[number], Omit<ScanIdentity, 'expected'> & { expected: number | null }>(
        `SELECT account_key AS accountKey, run_id AS runId, run_started_at AS runStartedAt,
           begun_at AS begunAt, scope, first_row AS firstRow, epoch, expected
         FROM scans WHERE account_key = ?`,
      )
      .get(accountKey);
    return row && { ...row, expected: row.expected ?? undefined };
  }

  /** The kept pages of an account, in the order of the list. */
  pages(accountKey: number): readonly KeptPage[] {
    const rows = this.#database
      ?.prepare<[number], PageRow>(
        'SELECT * FROM pages WHERE account_key = ? ORDER BY list, number',
      )
      .all(accountKey);
    return (rows ?? []).flatMap(toPage);
  }

  /** Keeps who reads; pages that were kept before stay. */
  keepIdentity(identity: ScanIdentity): void {
    const { accountKey, runId, runStartedAt, begunAt, scope, firstRow, epoch, expected } = identity;
    this.#write((database) =>
      database
        .prepare('INSERT OR REPLACE INTO scans VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
        .run(accountKey, runId, runStartedAt, begunAt, scope, firstRow, epoch, expected ?? null),
    );
  }

  keepPage(accountKey: number, page: KeptPage): void {
    const { list, number, count, next, rows, sequence } = page;
    const isNumbered = Number(next === undefined);
    this.#write((database) => {
      this.#keepPage ??= database.prepare(
        'INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      );
      const place = [accountKey, list, number, count, next ?? null];
      this.#keepPage.run(...place, isNumbered, toStretches(rows), sequence);
    });
  }

  /** Forgets all pages of an account but these. */
  keepOnly(accountKey: number, pages: readonly ReadPage[]): void {
    const wanted = new Set(pages.map(({ list, number }) => `${list}/${number}`));
    this.#write((database) => {
      const forget = database.prepare(
        'DELETE FROM pages WHERE account_key = ? AND list = ? AND number = ?',
      );
      for (const { list, number } of this.pages(accountKey)) {
        if (!wanted.has(`${list}/${number}`)) forget.run(accountKey, list, number);
      }
    });
  }

  /** Forgets what is kept of an account; with the last one the file goes away. */
  forget(accountKey: number): void {
    const database = this.#database;
    if (database === undefined) return;
    explained(this.#path, () => {
      database.transaction(() => {
        database.prepare('DELETE FROM pages WHERE account_key = ?').run(accountKey);
        database.prepare('DELETE FROM scans WHERE account_key = ?').run(accountKey);
      })();
      if (database.prepare('SELECT 1 FROM scans').get() === undefined) this.#discard();
    });
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
    this.#keepPage = undefined;
  }

  #write(work: (database: Database) => void): void {
    explained(this.#path, () => work((this.#database ??= this.#create())));
  }

  #create(): Database {
    return this.#open((database) => database.exec(`BEGIN; ${TABLES.join('; ')}; COMMIT`));
  }

  #open(prepare: (database: Database) => void): Database {
    const database = new Sqlite(this.#path);
    try {
      database.pragma('locking_mode = EXCLUSIVE');
      // Until there is something to lose, the disk need not be waited for.
      database.pragma('synchronous = OFF');
      database.pragma('journal_mode = WAL');
      prepare(database);
      database.pragma('synchronous = NORMAL');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** What cannot be read any more is worth nothing, nor is what another version wrote. */
  #openOrDiscard(): Database | undefined {
    try {
      return this.#open(assertSound);
    } catch {
      this.#discard();
      return undefined;
    }
  }

  #discard(): void {
    // Closing writes everything into the file, which is about to go: no need to wait for the disk.
    this.#database?.pragma('synchronous = OFF');
    this.close();
    for (const suffix of ['', '-wal', '-shm', '-journal']) {
      rmSync(this.#path + suffix, { force: true });
    }
  }
}

/** @throws unless it is whole and has the tables of this program, to the letter. */
function assertSound(database: Database): void {
  const damage = database.pragma('quick_check', { simple: true });
  if (damage !== 'ok') throw new Error(String(damage));
  const tables = database
    .prepare<[], string>("SELECT sql FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all();
  if (tables.join() !== TABLES.join()) throw new Error('the tables are those of another version');
}

interface PageRow {
  readonly list: number;
  readonly number: number;
  readonly count: number;
  readonly next: string | null;
  readonly is_numbered: number;
  readonly stretches: Buffer;
  readonly sequence: number;
}

/** Each image has a row, or the page is not as it was written. */
function toPage({ is_numbered: isNumbered, next, stretches, ...page }: PageRow): KeptPage[] {
  const rows = fromStretches(stretches);
  if (rows?.length !== page.count) return [];
  return [{ ...page, next: isNumbered === 1 ? undefined : next, rows }];
}
