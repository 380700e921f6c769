import type { Database } from 'better-sqlite3';

/** An account as the internal tables know it: a small number in place of its 32 characters. */
export interface StoredAccount {
  readonly key: number;
  readonly accountId: string;
}

/** The stored account of an id; `undefined` if the inventory does not know it. */
export function findAccount(database: Database, accountId: string): StoredAccount | undefined {
  const key = database
    .prepare<[string], number>('SELECT account_key FROM accounts WHERE account_id = ?')
    .pluck()
    .get(accountId);
  return key === undefined ? undefined : { key, accountId };
}

/** The stored account, added if it is new. */
export function findOrAddAccount(database: Database, accountId: string): StoredAccount {
  const known = findAccount(database, accountId);
  if (known !== undefined) return known;
  const added = database.prepare('INSERT INTO accounts (account_id) VALUES (?)').run(accountId);
  return { key: Number(added.lastInsertRowid), accountId };
}
